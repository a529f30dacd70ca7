/* SPDX-License-Identifier: Apache-2.0
 *
 * What changes in one resource, and because of what.
 *
 * Rules, as AWS has them
 *  1. A property that names a parameter whose value is another: ParameterReference, Static; and
 *     beside it a DirectModification, Dynamic.
 *  2. One whose value is not known before, because it names a resource that is replaced or changed:
 *     ResourceReference or ResourceAttribute, Dynamic.
 *  3. Every other difference: DirectModification, Static.
 *  4. The resource is replaced (True) when a Static change always does that, may be (Conditional)
 *     when a Dynamic one does or it depends on more than the template.
 */
#include "svc/cloudformation/difference.h"
#include "svc/cloudformation/rows.h"

const char *const scope_names[SCOPES] = {"Properties", "Metadata", "CreationPolicy",
                                         "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy",
                                         "Tags"};

/* ---- what is not known ---- */

static bool is_known(const struct value *value)
{
    bool known = value->kind != VALUE_NONE;

    for (uint32_t i = 0; known && value->kind == VALUE_LIST && i < value->count; i++) {
        known = is_known(&value->items[i]);
    }
    for (uint32_t i = 0; known && value->kind == VALUE_MAP && i < value->count; i++) {
        known = is_known(&value->pairs[i].value);
    }
    return known;
}

/* Long ones are found inside of others, too. */
static bool is_hidden(const struct differ *differ, const struct value *value)
{
    struct str text = doc_text(differ->c->arena, value);

    for (size_t i = 0; i < differ->hidden_count; i++) {
        struct str secret = differ->hidden[i];

        if (str_eq(text, secret) ||
            (secret.bytes > 3 && str_find_str(text, secret) < text.bytes)) {
            return true;
        }
    }
    return false;
}

static void put_known(const struct differ *differ, const struct value *from, struct value *to)
{
    struct arena *arena = differ->c->arena;

    *to = *from;
    if (from->kind == VALUE_NONE) {
        *to = (struct value){.kind = VALUE_STR, .str = STR(UNKNOWN_TEXT)};
    } else if (differ->hidden_count > 0 && is_hidden(differ, from)) {
        *to = (struct value){.kind = VALUE_STR, .str = STR("****")};
    } else if (from->kind == VALUE_LIST) {
        *to = (struct value){.kind = VALUE_LIST};
        for (uint32_t i = 0; i < from->count; i++) {
            put_known(differ, &from->items[i], doc_add(arena, to));
        }
    } else if (from->kind == VALUE_MAP) {
        *to = (struct value){.kind = VALUE_MAP};
        for (uint32_t i = 0; i < from->count; i++) {
            put_known(differ, &from->pairs[i].value, doc_put(arena, to, from->pairs[i].key));
        }
    }
}

const struct value *known_text(const struct differ *differ, const struct value *document)
{
    struct value *copy;

    if (document == NULL) {
        return NULL;
    }
    copy = ARENA_NEW(differ->c->arena, struct value);
    put_known(differ, document, copy);
    return copy;
}

/* ---- details ---- */

/* One change of a property, or of what else a resource has. */
struct target {
    enum scope scope;           /* of what */
    struct str name;            /* the property's; STR_NONE: of no property */
    const char *recreation;     /* "Never", "Conditionally", "Always" */
    const struct value *before; /* NULL: none */
    const struct value *after;  /* NULL: none; as far as it is known */
};

static struct str value_text(const struct differ *differ, const struct value *value)
{
    const struct value *known = known_text(differ, value);
    struct arena *arena = differ->c->arena;

    return known->kind == VALUE_MAP || known->kind == VALUE_LIST ? doc_json(arena, known)
                                                                 : doc_text(arena, known);
}

static void put_values(struct difference *d, struct value *to, const struct target *target)
{
    struct arena *arena = d->differ->c->arena;
    struct str before = target->before == NULL ? STR_NONE : value_text(d->differ, target->before);
    struct str after = target->after == NULL ? STR_NONE : value_text(d->differ, target->after);

    if (target->before == NULL && target->after == NULL) {
        return;
    }
    set_str(to, "Path", target->name.at == NULL
                            ? arena_printf(arena, "/%s", scope_names[target->scope])
                            : arena_printf(arena, "/Properties/%.*s", STR_ARG(target->name)));
    set_str(to, "AttributeChangeType", before.at == NULL ? STR("Add")
                                       : after.at == NULL ? STR("Remove")
                                                          : STR("Modify"));
    d->differ->context_bytes += before.bytes + after.bytes;
    if (d->differ->context_bytes > CONTEXT_BYTES_MAX) {
        return;
    }
    if (before.at != NULL) {
        set_str(to, "BeforeValue", before);
    }
    if (after.at != NULL) {
        set_str(to, "AfterValue", after);
    }
}

static void raise_fate(struct difference *d, enum fate fate)
{
    d->fate = fate > d->fate ? fate : d->fate;
}

static void add_detail(struct difference *d, const struct target *target, const char *source,
                       struct str cause)
{
    bool is_static = strcmp(source, "ParameterReference") == 0 ||
                     (strcmp(source, "DirectModification") == 0 && cause.at == NULL);
    struct arena *arena = d->differ->c->arena;
    struct value *detail, *to;

    raise_fate(d, FATE_CHANGES);
    if (strcmp(target->recreation, "Always") == 0) {
        raise_fate(d, is_static ? FATE_REPLACES : FATE_MAY_REPLACE);
    } else if (strcmp(target->recreation, "Conditionally") == 0) {
        raise_fate(d, FATE_MAY_REPLACE);
    }
    d->scope |= 1u << target->scope;
    if (d->details->count == DETAILS_MAX) {
        return;
    }
    detail = list_add(arena, d->details);
    to = set_struct(arena, detail, "Target");
    set_str(to, "Attribute", str_c(scope_names[target->scope]));
    if (target->name.at != NULL && target->scope == SCOPE_PROPERTIES) {
        set_str(to, "Name", target->name);
    }
    set_str(to, "RequiresRecreation", str_c(target->recreation));
    put_values(d, to, target);
    set_str(detail, "Evaluation", is_static ? STR("Static") : STR("Dynamic"));
    set_str(detail, "ChangeSource", str_c(source));
    if (cause.bytes > 0) {
        set_str(detail, "CausingEntity", cause);
    }
}

/* ---- causes ---- */

/* The parameter's value is another than the stack's. */
static bool parameter_changed(struct difference *d, struct str name)
{
    const struct template *t = &d->differ->wish->template;
    const struct value *had = get(d->differ->stack->about, "Parameters");

    for (uint32_t i = 0; i < t->parameter_count; i++) {
        if (!str_eq(t->parameters[i].name, name)) {
            continue;
        }
        for (uint32_t j = 0; had != NULL && j < had->count; j++) {
            if (str_eq(get_str(&had->items[j], "ParameterKey"), name)) {
                struct str was = get_str(&had->items[j], "ResolvedValue");
                const struct template_argument *now = &d->differ->wish->arguments[i];

                return !str_eq(get_str(&had->items[j], "ParameterValue"), now->text) ||
                       !str_eq(was, now->resolved);
            }
        }
        return true;
    }
    return false;
}

static enum fate fate_of(struct difference *d, struct str name)
{
    const struct template_resource *resource =
        template_resource_find(&d->differ->wish->template, name);

    return resource == NULL
               ? FATE_STAYS
               : (enum fate)d->differ->fates[resource - d->differ->wish->template.resources];
}

/* A name in a Ref, GetAtt or Sub: "Queue", "Queue.Arn". */
static bool cause(struct difference *d, const struct target *target, struct str name)
{
    size_t dot = str_find(name, '.', 0);
    struct str resource = str_slice(name, 0, dot);
    enum fate fate = fate_of(d, resource);

    if (dot == name.bytes && parameter_changed(d, name)) {
        add_detail(d, target, "ParameterReference", name);
        return true;
    }
    if (dot == name.bytes && fate >= FATE_MAY_REPLACE) {
        add_detail(d, target, "ResourceReference", name);
    } else if (dot < name.bytes && fate >= FATE_CHANGES) {
        add_detail(d, target, "ResourceAttribute", name);
    }
    return false;
}

static bool causes_in_text(struct difference *d, const struct target *target, struct str text)
{
    bool parameter = false;

    for (size_t at = str_find(text, '$', 0); at + 1 < text.bytes;
         at = str_find(text, '$', at + 1)) {
        size_t end = str_find(text, '}', at);

        if (text.at[at + 1] == '{' && end < text.bytes) {
            parameter = cause(d, target, str_trim(str_slice(text, at + 2, end))) || parameter;
        }
    }
    return parameter;
}

static struct str attribute_name(struct arena *arena, const struct value *of)
{
    if (of->kind == VALUE_LIST && of->count == 2) {
        return arena_printf(arena, "%.*s.%.*s", STR_ARG(doc_text(arena, &of->items[0])),
                            STR_ARG(doc_text(arena, &of->items[1])));
    }
    return doc_text(arena, of);
}

/* Every name in a definition; whether a parameter that changed is among them. */
static bool causes(struct difference *d, const struct target *target, const struct value *from)
{
    struct arena *arena = d->differ->c->arena;
    bool parameter = false;

    for (uint32_t i = 0; from->kind == VALUE_LIST && i < from->count; i++) {
        parameter = causes(d, target, &from->items[i]) || parameter;
    }
    for (uint32_t i = 0; from->kind == VALUE_MAP && i < from->count; i++) {
        struct str key = from->pairs[i].key;
        const struct value *of = &from->pairs[i].value;

        if (str_eq(key, STR("Ref"))) {
            parameter = cause(d, target, doc_text(arena, of)) || parameter;
        } else if (str_eq(key, STR("Fn::GetAtt"))) {
            parameter = cause(d, target, attribute_name(arena, of)) || parameter;
        } else {
            if (str_eq(key, STR("Fn::Sub"))) {
                const struct value *text = of->kind == VALUE_LIST ? &of->items[0] : of;

                parameter = causes_in_text(d, target, doc_text(arena, text)) || parameter;
            }
            parameter = causes(d, target, of) || parameter;
        }
    }
    return parameter;
}

static void explain(struct difference *d, const struct target *target,
                    const struct value *definition)
{
    uint32_t count = d->details->count;
    enum fate fate = d->fate;

    if (definition != NULL && causes(d, target, definition)) {
        add_detail(d, target, "DirectModification", STR(""));
    } else if (d->details->count == count && d->fate == fate) {
        add_detail(d, target, "DirectModification", STR_NONE);
    } else if (d->details->count == count) {
        add_detail(d, target, "DirectModification", STR(""));
    }
}

/* ---- a resource ---- */

static const char *recreation_of(const struct difference *d,
                                 const struct resource_property *property)
{
    if (d->type != NULL && d->type->change == NULL && d->type->make != NULL) {
        return "Always";
    }
    if (property == NULL || property->update == RESOURCE_IN_PLACE ||
        property->update == RESOURCE_INTERRUPTS) {
        return "Never";
    }
    return property->update == RESOURCE_REPLACES ? "Always" : "Conditionally";
}

static void look_at_property(struct difference *d, struct str name)
{
    const struct value *had = map_find(d->own->properties, name);
    const struct value *want = map_find(d->want, name);
    const struct resource_property *property =
        d->type == NULL ? NULL : resource_property_find(d->type, name);
    bool tags = property != NULL && (property->flags & RESOURCE_TAGS) != 0;
    struct target target = {
        .scope = tags ? SCOPE_TAGS : SCOPE_PROPERTIES,
        .name = name,
        .recreation = recreation_of(d, property),
        .before = had,
        .after = want,
    };

    if (want != NULL && is_known(want) && doc_same(had, want)) {
        return;
    }
    explain(d, &target, d->resource->properties == NULL
                            ? NULL
                            : map_find(d->resource->properties, name));
}

static void look_at_policy(struct difference *d, enum scope scope, struct str had, struct str want)
{
    struct target target = {.scope = scope, .name = STR_NONE, .recreation = "Never"};

    if (!str_eq(had, want)) {
        add_detail(d, &target, "DirectModification", STR_NONE);
    }
}

static void look_at_metadata(struct difference *d)
{
    const struct value *definition = doc_get(d->resource->definition, "Metadata");
    struct value want = {.kind = VALUE_NONE};
    struct target target = {.scope = SCOPE_METADATA, .name = STR_NONE, .recreation = "Never",
                            .before = d->own->metadata};

    if (definition == NULL ||
        template_evaluate(&d->differ->wish->run, definition, &want, NULL) != OK) {
        want.kind = VALUE_NULL;
    }
    target.after = want.kind == VALUE_NULL ? NULL : &want;
    if (!doc_same(target.before, target.after)) {
        explain(d, &target, definition);
    }
}

/* The stack's tags are another's, too. */
static bool takes_tags(const struct difference *d)
{
    for (size_t i = 0; d->type != NULL && i < d->type->property_count; i++) {
        if ((d->type->properties[i].flags & RESOURCE_TAGS) != 0) {
            return true;
        }
    }
    return false;
}

void difference_look(struct difference *d)
{
    struct target tags = {.scope = SCOPE_TAGS, .name = STR_NONE, .recreation = "Never"};

    for (uint32_t i = 0; i < d->want->count; i++) {
        look_at_property(d, d->want->pairs[i].key);
    }
    for (uint32_t i = 0; i < d->own->properties->count; i++) {
        struct str name = d->own->properties->pairs[i].key;

        if (map_find(d->want, name) == NULL) {
            look_at_property(d, name);
        }
    }
    look_at_metadata(d);
    look_at_policy(d, SCOPE_DELETION, d->own->deletion, d->resource->deletion);
    look_at_policy(d, SCOPE_REPLACE, d->own->replacement, d->resource->replacement);
    if (d->differ->tags && takes_tags(d)) {
        add_detail(d, &tags, "DirectModification", STR_NONE);
    }
}
