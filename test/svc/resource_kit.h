/* SPDX-License-Identifier: Apache-2.0
 *
 * Drives one resource type (cell/resource.h) without a stack: every service in a cell, on a disk in
 * memory and a clock that is moved while something settles. Properties and inputs are JSON texts,
 * answers too. A template's other resources are made by kit_call() or by a second struct kit_thing.
 */
#ifndef WEIR_TEST_SVC_RESOURCE_KIT_H
#define WEIR_TEST_SVC_RESOURCE_KIT_H

#include "../test/svc/resource_world.h"

/* One resource. */
struct kit_thing {
    const struct resource_type *type; /* found by its name */
    struct str logical_id;            /* in the template */
    struct str id;                    /* what Ref gives */
    struct value *attributes;         /* told */
    struct value *notes;              /* kept with it */
    const struct value *properties;   /* what it was made of */
    const struct value *had;          /* before the last change */
    const struct value *stack_tags;   /* NULL: none */
};

/* ---- steps ---- */

enum kit_act { KIT_MAKE, KIT_SETTLED, KIT_TELL, KIT_CHANGE, KIT_NOW, KIT_REMOVE, KIT_GONE };

/* One function of a type, as a step in the cell. */
struct kit_step {
    struct kit *kit;          /* where */
    struct kit_thing *thing;  /* which */
    enum kit_act act;         /* what of it */
    struct value *now;        /* KIT_NOW: what it said */
    status result;            /* of the function */
};

static inline status kit_act_on(struct resource *r, struct kit_step *step)
{
    switch (step->act) {
    case KIT_MAKE:
        return r->type->make(r);
    case KIT_SETTLED:
        return r->type->settled == NULL ? OK : r->type->settled(r);
    case KIT_TELL:
        return r->type->tell == NULL ? OK : r->type->tell(r);
    case KIT_CHANGE:
        return r->type->change(r);
    case KIT_NOW:
        return r->type->now(r, step->now);
    case KIT_REMOVE:
        return r->type->remove(r);
    default:
        return r->type->gone == NULL ? OK : r->type->gone(r);
    }
}

static inline status kit_step_run(struct call *c, void *arg)
{
    struct kit_step *step = arg;
    struct kit_thing *thing = step->thing;
    struct resource r = {
        .c = c, .type = thing->type, .caller = {c->account, c->region, c->principal, NULL},
        .stack_id = STR("arn:aws:cloudformation:us-east-1:" KIT_ACCOUNT ":stack/" KIT_STACK
                        "/5d1b1a10-8a6e-11f0-9cde-0a1b2c3d4e5f"),
        .stack_name = STR(KIT_STACK), .logical_id = thing->logical_id, .id = thing->id,
        .want = thing->properties, .had = step->act == KIT_CHANGE ? thing->had : NULL,
        .stack_tags = thing->stack_tags, .token = STR("6f1b1a10-8a6e-11f0-9cde-0a1b2c3d4e5f"),
        .attributes = thing->attributes, .notes = thing->notes, .since_ms = c->now};

    r.why.text[0] = '\0';
    step->result = kit_act_on(&r, step);
    if (step->result != OK) {
        step->kit->why = r.why;
    }
    thing->id = r.id;
    return OK; /* as in a stack: what was staged before it failed stays */
}

static inline status kit_step(struct kit *kit, struct kit_thing *thing, enum kit_act act,
                              struct value **ret_now)
{
    struct kit_step step = {kit, thing, act, doc_map(kit->arena), OK};
    struct doing doing = {"sqs", "Test", STR_NONE, STR_NONE, kit_step_run, &step};
    status done = cell_do(kit->cell, &doing, kit->arena, &kit->why);

    assert(done == OK);
    if (ret_now != NULL) {
        *ret_now = step.now;
    }
    return step.result;
}

/* Asks again as long as it waits; an hour of weir's clock at most. */
static inline status kit_until(struct kit *kit, struct kit_thing *thing, enum kit_act act)
{
    status result = kit_step(kit, thing, act, NULL);

    for (int seconds = 0; result == &RESOURCE_WAITS && seconds < 3600; seconds++) {
        status moved = cell_advance(kit->cell, 1000, &kit->why);

        assert(moved == OK);
        result = kit_step(kit, thing, act, NULL);
    }
    return result;
}

/* ---- a resource's life ---- */

/* Makes, settles, tells. The sentence of what failed is in kit->why. */
static inline status kit_make(struct kit *kit, const char *type, const char *logical_id,
                              const char *properties, struct kit_thing *thing)
{
    status result;

    thing->type = resource_type_find(kit->cell, str_c(type));
    assert(thing->type != NULL);
    thing->logical_id = str_c(logical_id);
    thing->id = STR("");
    thing->attributes = doc_map(kit->arena);
    thing->notes = doc_map(kit->arena);
    thing->properties = kit_json(kit, properties);
    result = resource_check(thing->type, thing->properties, &kit->why);
    result = result == OK ? kit_step(kit, thing, KIT_MAKE, NULL) : result;
    result = result == OK ? kit_until(kit, thing, KIT_SETTLED) : result;
    return result == OK ? kit_step(kit, thing, KIT_TELL, NULL) : result;
}

static inline status kit_change(struct kit *kit, struct kit_thing *thing, const char *properties)
{
    status result;

    thing->had = thing->properties;
    thing->properties = kit_json(kit, properties);
    result = resource_check(thing->type, thing->properties, &kit->why);
    result = result == OK ? kit_step(kit, thing, KIT_CHANGE, NULL) : result;
    result = result == OK ? kit_until(kit, thing, KIT_SETTLED) : result;
    return result == OK ? kit_step(kit, thing, KIT_TELL, NULL) : result;
}

static inline status kit_remove(struct kit *kit, struct kit_thing *thing)
{
    status result = kit_step(kit, thing, KIT_REMOVE, NULL);

    return result == OK ? kit_until(kit, thing, KIT_GONE) : result;
}

/* The properties as they are, as JSON. */
static inline const char *kit_now(struct kit *kit, struct kit_thing *thing)
{
    struct value *now = NULL;
    status result = kit_step(kit, thing, KIT_NOW, &now);

    return result == OK ? doc_json(kit->arena, now).at : kit->why.text;
}

/* "": everything that the template says can be read back and is so; else the first that is not.
 * Trees are only looked for: drift detection compares what both sides have. */
static inline const char *kit_drift(struct kit *kit, struct kit_thing *thing)
{
    struct value *now = NULL;

    if (thing->type->now == NULL || kit_step(kit, thing, KIT_NOW, &now) != OK) {
        return thing->type->now == NULL ? "" : kit->why.text;
    }
    for (uint32_t i = 0; i < thing->properties->count; i++) {
        const struct pair *pair = &thing->properties->pairs[i];
        const struct resource_property *property = resource_property_find(thing->type, pair->key);
        const struct value *is = map_find(now, pair->key);
        bool tree = pair->value.kind == VALUE_MAP || pair->value.kind == VALUE_LIST;

        if ((property->flags & RESOURCE_SECRET) == 0 &&
            (is == NULL || (!tree && !doc_same(is, &pair->value)))) {
            return arena_dup(kit->arena, pair->key).at;
        }
    }
    return "";
}

/* "": there is none. */
static inline const char *kit_attribute(struct kit *kit, const struct kit_thing *thing,
                                        const char *name)
{
    struct str text = doc_text(kit->arena, doc_get(thing->attributes, name));

    return text.at == NULL ? "" : arena_dup(kit->arena, text).at;
}

static inline const char *kit_id(struct kit *kit, const struct kit_thing *thing)
{
    return arena_dup(kit->arena, thing->id).at;
}

/* What a template says (properties, JSON) is what drift detection reads; the names of those that it
 * does not, or NULL. */
static inline const char *kit_differs(struct kit *kit, struct kit_thing *thing,
                                      const char *properties)
{
    const struct value *said = kit_json(kit, properties);
    const struct value *now = kit_json(kit, kit_now(kit, thing));

    for (uint32_t i = 0; i < said->count; i++) {
        const char *name = arena_dup(kit->arena, said->pairs[i].key).at;
        const struct value *read = doc_get(now, name);

        if (!doc_same(&said->pairs[i].value, read)) {
            return arena_printf(kit->arena, "%s is %s\nnot %s", name,
                                read == NULL ? "not there" : doc_json(kit->arena, read).at,
                                doc_json(kit->arena, &said->pairs[i].value).at).at;
        }
    }
    return NULL;
}

#define KIT_READS_BACK(kit, thing, properties)                                                     \
    do {                                                                                           \
        const char *kit_differs_ = kit_differs(kit, thing, properties);                            \
        if (kit_differs_ != NULL) {                                                                \
            print_error("%s\n", kit_differs_);                                                     \
        }                                                                                          \
        assert_null(kit_differs_);                                                                 \
    } while (0)

/* A change to bad properties fails; taken back, the thing is again what good says. */
#define KIT_TAKES_BACK(kit, thing, bad, good)                                                      \
    do {                                                                                           \
        assert_ptr_not_equal(kit_change(kit, thing, bad), OK);                                     \
        KIT_OK(kit, kit_change(kit, thing, good));                                                 \
        KIT_READS_BACK(kit, thing, good);                                                          \
    } while (0)

#endif
