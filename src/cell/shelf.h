/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows that are trees in a shape of the model: what a service describes is kept as it describes it.
 * For things of which there are few and which change seldom; what is many or hot has bytes of its
 * own. A row is u8 1 (version) and JSON; keys are the service's (store/key.h).
 */
#ifndef WEIR_CELL_SHELF_H
#define WEIR_CELL_SHELF_H

#include "cell/call.h"

#define SHELF_BYTES_MAX (2u << 20) /* of one row: services' limits are below it */

/* The shape of an operation's output, or of what path leads to in it: members with dots between,
 * lists and maps stand for their items. "SecretList", "HostedZone.Config". Asserts that it is. */
uint32_t shelf_shape(const char *service, const char *operation, const char *path);

/* Begins a key: (service, kind, account, region). */
struct key shelf_key(struct call *c, const char *service, const char *kind);

void shelf_put(struct call *c, struct str key, const struct value *about);
/* The tree, whose strings are the call's too: it may be changed and put again; NULL: none. */
struct value *shelf_get(struct call *c, struct str key, uint32_t shape);
/* Without a call: as committed. */
struct value *shelf_peek(struct cell *cell, struct arena *arena, struct str key, uint32_t shape);
/* What a scan gave. */
struct value *shelf_read(struct arena *arena, struct str packed, uint32_t shape);

/* Takes a member off. */
void unset(struct value *structure, const char *member);
/* A copy whose top and direct members may be set without the other being changed. */
struct value *value_copy(struct arena *arena, const struct value *structure);
/* Sets, in a structure of another shape, every member that it has by the same name and kind
 * (of lists: of items, too). */
void set_members(struct arena *arena, struct value *to, const struct value *from);

/* ---- tags: a list of structures with Key and Value ---- */

/* The value; STR_NONE at: there is none. */
struct str tag_find(const struct value *list, struct str key);
/* Lays the tags over those of structure's list member; whose shape of tags may be another. */
void tags_lay(struct arena *arena, struct value *structure, const char *member,
              const struct value *tags);
/* Takes off the tags that a list of keys names; the last one takes the list off. */
void tags_take(struct value *structure, const char *member, const struct value *keys);
size_t tags_count(const struct value *structure, const char *member);

/* Texts that live until many others were told: for resource_source.tag, which has no arena. */
#define SHELF_TOLD_MAX 100
struct shelf_told {
    struct str texts[SHELF_TOLD_MAX]; /* owned */
    size_t count;                     /* told so far */
};
struct str shelf_tell(struct shelf_told *told, struct str text);
/* The value of a tag of that key, whatever its case, as policies ask; false: list (NULL is fine)
 * has none. */
bool shelf_tell_tag(struct shelf_told *told, const struct value *list, struct str key,
                    struct str *ret_value);
void shelf_told_done(struct shelf_told *told);

/* ---- pages by name ---- */

/* A token for what stands behind text, and back; false: no token of ours. */
struct str page_token(struct arena *arena, struct str text);
bool page_token_read(struct arena *arena, struct str token, struct str *ret_text);

#endif
