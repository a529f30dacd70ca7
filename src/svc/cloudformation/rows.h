/* SPDX-License-Identifier: Apache-2.0
 *
 * What keys.c gives beside stack.h: names, exports and imports, operations under way; and maps
 * whose members are set again and again.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_ROWS_H
#define WEIR_SVC_CLOUDFORMATION_ROWS_H

#include "svc/cloudformation/stack.h"

uint32_t stack_shape(void);
uint32_t event_shape(void);
struct str last_part(struct str text); /* behind the last slash */

/* ---- maps; absent texts are empty ---- */

void map_set_tree(struct arena *arena, struct value *map, const char *name, struct value value);
void map_set_str(struct arena *arena, struct value *map, const char *name, struct str text);
void map_set_int(struct arena *arena, struct value *map, const char *name, int64_t number);
void map_set_bool(struct arena *arena, struct value *map, const char *name, bool truth);
void map_unset(struct value *map, const char *name);
struct str map_str(const struct value *map, const char *name);
int64_t map_int(const struct value *map, const char *name, int64_t fallback);
bool map_true(const struct value *map, const char *name);

/* Tags as the model has them, as templates do: a list of maps; NULL: none. */
const struct value *tags_document(struct call *c, const struct value *tags);

/* ---- stacks ---- */

/* As stack_of_text(), which fails. */
bool stack_lookup(struct call *c, struct str text, struct stack *ret_stack);
bool stack_is_deleted(const struct stack *stack);
void stack_name_put(struct call *c, const struct stack *stack);
void stack_name_erase(struct call *c, const struct stack *stack); /* its name is free again */
struct txn_scan *stacks_scan(struct call *c); /* all of the call's account and region */
bool stacks_next(struct call *c, struct txn_scan *scan, struct stack *ret_stack);
struct txn_scan *stack_names_scan(struct call *c); /* of those that are not deleted */
/* All its rows; false: there is more. */
bool stack_purge(struct call *c, const struct stack *stack);

/* Numbers count from 1; the plan's next_event is behind the last. NULL: there is none. */
void event_put(struct call *c, struct stack *stack, const struct value *event);
struct value *event_get(struct call *c, const struct stack *stack, uint64_t number);

/* ---- exports: maps with name, value, stack (its id) ---- */

struct value *export_get(struct call *c, struct str name); /* NULL: none */
void export_put(struct call *c, const struct stack *stack, struct str name, struct str value);
void export_erase(struct call *c, struct str name);
struct value exports_all(struct call *c); /* a list, by name */
void import_put(struct call *c, const struct stack *stack, struct str name);
void import_erase(struct call *c, const struct stack *stack, struct str name);
struct value export_users(struct call *c, struct str name); /* a list of stacks' names */
struct value stack_imports(struct call *c, const struct stack *stack); /* a list of exports */

/* ---- caller.c, policy.c ---- */

/* Who asked now, or whose operation the parent is. */
void caller_remember(struct call *c, struct stack *stack, const struct stack *parent);
status role_check(struct call *c, struct str role); /* empty: none */
status stack_policy_check(struct call *c, struct str policy); /* STR_NONE: none */

/* ---- operations under way ---- */

void underway_put(struct call *c, const struct stack *stack);
void underway_erase(struct call *c, const struct stack *stack);
/* As committed; of the stack only account, region and key are set. */
void underway_each(struct cell *cell, void *to,
                   void (*found)(void *to, const struct stack *stack));

#endif
