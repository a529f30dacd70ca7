/* SPDX-License-Identifier: Apache-2.0
 *
 * Renaming documents by a table, both ways.
 */
#include "svc/s3/cfn_rename.h"

static const char *const filtered[] = {"Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan",
                                       "AccessPointArn"};
#define FILTERED (sizeof(filtered) / sizeof(filtered[0]))

/* ---- filters ---- */

/* One condition is a member of its own, more of them are members of And. */
static void filter_put(struct arena *arena, const struct value *document, struct value *made)
{
    const struct value *tags = doc_get(document, "TagFilters");
    uint32_t tag_count = tags != NULL && tags->kind == VALUE_LIST ? tags->count : 0;
    uint32_t count = tag_count;
    struct value *filter = NULL;

    for (size_t i = 0; i < FILTERED; i++) {
        count += doc_get(document, filtered[i]) != NULL;
    }
    if (count == 0) {
        return;
    }
    filter = doc_put_map(arena, made, STR("Filter"));
    filter = count == 1 ? filter : doc_put_map(arena, filter, STR("And"));
    for (size_t i = 0; i < FILTERED; i++) {
        const struct value *value = doc_get(document, filtered[i]);

        if (value != NULL) {
            *doc_put(arena, filter, str_c(filtered[i])) = *value;
        }
    }
    if (tag_count > 0) {
        *doc_put(arena, filter, count == 1 ? STR("Tag") : STR("Tags")) =
            count == 1 ? tags->items[0] : *tags;
    }
}

static void filter_take(struct arena *arena, const struct value *filter, struct value *made)
{
    const struct value *both = doc_get(filter, "And");
    const struct value *from = both == NULL ? filter : both;
    const struct value *tags = doc_get(from, "Tags");
    const struct value *tag = doc_get(from, "Tag");

    for (size_t i = 0; i < FILTERED; i++) {
        const struct value *value = doc_get(from, filtered[i]);

        if (value != NULL && !(value->kind == VALUE_STR && value->str.bytes == 0)) {
            *doc_put(arena, made, str_c(filtered[i])) = *value;
        }
    }
    if (tags != NULL) {
        *doc_put(arena, made, STR("TagFilters")) = *tags;
    } else if (tag != NULL) {
        *doc_add(arena, doc_put_list(arena, made, "TagFilters")) = *tag;
    }
}

static bool is_filtered(struct str key)
{
    for (size_t i = 0; i < FILTERED; i++) {
        if (str_eq(key, str_c(filtered[i]))) {
            return true;
        }
    }
    return str_eq(key, STR("TagFilters"));
}

/* ---- to S3 ---- */

static const struct rename *ours_find(const struct rename *renames, struct str key)
{
    for (const struct rename *at = renames; at != NULL && at->ours != NULL; at++) {
        if (at->how == RENAME_FILTER ? is_filtered(key) : str_eq(key, str_c(at->ours))) {
            return at;
        }
    }
    return NULL;
}

/* Where a path ends: a new value there, the maps on the way made. */
static struct value *path_put(struct arena *arena, struct value *map, const char *path)
{
    struct str rest = str_c(path);

    for (;;) {
        struct str part = str_split(&rest, '.');

        if (rest.at == NULL) {
            return doc_put(arena, map, part);
        }
        map = doc_map_of(arena, map, part);
        map->kind = VALUE_MAP;
    }
}

static void to_one(struct arena *arena, const struct rename *rename, const struct value *value,
                   struct value *made)
{
    if (rename->how == RENAME_SWITCH) {
        struct str on = doc_text(arena, doc_get(value, "EventBridgeEnabled"));

        if (on.at == NULL || str_eq_nocase(on, STR("true"))) {
            doc_put_map(arena, made, str_c(rename->theirs));
        }
        return;
    }
    if (rename->how == RENAME_ONE) {
        *doc_add(arena, doc_put_list(arena, made, rename->theirs)) = *value;
        return;
    }
    *path_put(arena, made, rename->theirs) = *rename_to_s3(arena, rename->inside, value);
}

struct value *rename_to_s3(struct arena *arena, const struct rename *renames,
                           const struct value *document)
{
    struct value *made = ARENA_NEW(arena, struct value);

    *made = *document;
    if (renames == NULL || (document->kind != VALUE_LIST && document->kind != VALUE_MAP)) {
        return made;
    }
    *made = (struct value){.kind = document->kind};
    if (document->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < document->count; i++) {
            *doc_add(arena, made) = *rename_to_s3(arena, renames, &document->items[i]);
        }
        return made;
    }
    for (uint32_t i = 0; i < document->count; i++) {
        const struct pair *pair = &document->pairs[i];
        const struct rename *rename = ours_find(renames, pair->key);

        if (rename == NULL) {
            *doc_put(arena, made, pair->key) = pair->value;
        } else if (rename->how != RENAME_FILTER) {
            to_one(arena, rename, &pair->value, made);
        }
    }
    for (const struct rename *at = renames; at->ours != NULL; at++) {
        if (at->how == RENAME_FILTER) {
            filter_put(arena, document, made);
        }
    }
    return made;
}

/* ---- from S3 ---- */

static const struct value *path_get(struct arena *arena, const struct value *map, const char *path)
{
    for (struct str rest = str_c(path); rest.at != NULL && map != NULL;) {
        struct str part = arena_dup(arena, str_split(&rest, '.'));

        map = doc_get(map, part.at);
    }
    return map;
}

/* Does a rename begin with that member? */
static bool theirs_has(const struct rename *renames, struct str key)
{
    for (const struct rename *at = renames; at->ours != NULL; at++) {
        struct str rest = str_c(at->theirs);

        if (str_eq(str_split(&rest, '.'), key)) {
            return true;
        }
    }
    return false;
}

static void from_one(struct arena *arena, const struct rename *rename, const struct value *value,
                     struct value *made)
{
    if (rename->how == RENAME_FILTER) {
        filter_take(arena, value, made);
    } else if (rename->how == RENAME_THEIRS) {
        return;
    } else if (rename->how == RENAME_SWITCH) {
        doc_put_bool(arena, doc_put_map(arena, made, str_c(rename->ours)), "EventBridgeEnabled",
                     true);
    } else if (rename->how == RENAME_ONE) {
        if (value->kind == VALUE_LIST && value->count > 0) {
            *doc_put(arena, made, str_c(rename->ours)) = value->items[0];
        }
    } else {
        *doc_put(arena, made, str_c(rename->ours)) =
            *rename_from_s3(arena, rename->inside, value);
    }
}

struct value *rename_from_s3(struct arena *arena, const struct rename *renames,
                             const struct value *document)
{
    struct value *made = ARENA_NEW(arena, struct value);

    *made = *document;
    if (renames == NULL || (document->kind != VALUE_LIST && document->kind != VALUE_MAP)) {
        return made;
    }
    *made = (struct value){.kind = document->kind};
    if (document->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < document->count; i++) {
            *doc_add(arena, made) = *rename_from_s3(arena, renames, &document->items[i]);
        }
        return made;
    }
    for (const struct rename *at = renames; at->ours != NULL; at++) {
        const struct value *value = path_get(arena, document, at->theirs);

        if (value != NULL) {
            from_one(arena, at, value, made);
        }
    }
    for (uint32_t i = 0; i < document->count; i++) {
        if (!theirs_has(renames, document->pairs[i].key)) {
            *doc_put(arena, made, document->pairs[i].key) = document->pairs[i].value;
        }
    }
    return made;
}
