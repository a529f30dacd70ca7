/* SPDX-License-Identifier: Apache-2.0
 *
 * Events: first all of them are looked at, then each makes its resources. Those with a path come in
 * the order of their paths: "$default" before "/", so that what it permits is known then.
 */
#include "svc/cloudformation/sam_event.h"

#include <stdlib.h>

static const struct sam_event_kind function_kinds[] = {
    {"Api", sam_api_event_properties, sam_api_event_look, sam_api_event},
    {"HttpApi", sam_http_event_properties, sam_http_event_look, sam_http_event},
    {"Schedule", sam_schedule_properties, NULL, sam_schedule},
    {"ScheduleV2", sam_schedule_v2_properties, NULL, sam_schedule_v2},
    {"CloudWatchEvent", sam_rule_properties, NULL, sam_rule},
    {"EventBridgeRule", sam_rule_properties, NULL, sam_rule},
    {NULL, NULL, NULL, NULL},
};

static const struct sam_event_kind machine_kinds[] = {
    {"Api", sam_machine_api_properties, sam_api_event_look, sam_machine_api_event},
    {"Schedule", sam_machine_schedule_properties, NULL, sam_schedule},
    {"ScheduleV2", sam_schedule_v2_properties, NULL, sam_schedule_v2},
    {"CloudWatchEvent", sam_machine_rule_properties, NULL, sam_rule},
    {"EventBridgeRule", sam_machine_rule_properties, NULL, sam_rule},
    {NULL, NULL, NULL, NULL},
};

/* ---- what kinds share ---- */

struct value *sam_event_property(const struct sam_event *event, const char *name)
{
    return node_get(event->properties, name);
}

struct value sam_sub(struct sam *s, struct str text, const char *name, const struct value *value)
{
    return node_make(s->arena, "{'Fn::Sub': [%s, {%s: %v}]}", text, str_c(name), value);
}

static bool is_alphanumeric(struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        char c = s.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return true;
}

struct sam_made *sam_permission(struct sam *s, const struct sam_event *event,
                                const char *principal, struct str suffix)
{
    struct str id = sam_join(s, event->id, STR("Permission"));
    struct sam_made *made;

    if (suffix.bytes > 0) {
        id = sam_join(s, id, is_alphanumeric(suffix) ? suffix : node_hash(s->arena, suffix));
    }
    made = sam_make(s, id, "AWS::Lambda::Permission", &s->passed);
    made->properties = node_make(s->arena,
                                 "{Action: 'lambda:InvokeFunction', FunctionName: %v, Principal: "
                                 "%c}",
                                 &event->target->name, principal);
    return made;
}

/* ---- one event ---- */

static const struct sam_event_kind *find_among(const struct sam_event_kind *kinds, struct str type)
{
    for (; kinds->type != NULL; kinds++) {
        if (str_eq(type, str_c(kinds->type))) {
            return kinds;
        }
    }
    return NULL;
}

static const struct sam_event_kind *find_kind(bool machine, struct str type)
{
    const struct sam_event_kind *found = find_among(machine ? machine_kinds : function_kinds, type);

    if (found == NULL && !machine) {
        found = find_among(sam_push_kinds, type);
    }
    return found == NULL && !machine ? find_among(sam_pull_kinds, type) : found;
}

static const struct sam_event_kind *read_event(struct sam *s, bool machine,
                                               const struct pair *pair, struct sam_event *event)
{
    const struct sam_event_kind *kind;
    struct value *type = node_get(&pair->value, "Type");

    event->relative = pair->key;
    event->id = sam_join(s, s->id, pair->key);
    event->type = node_text(type);
    kind = find_kind(machine, event->type);
    if (kind == NULL) {
        sam_refuse_event(s, pair->key,
                         "Resource dict has missing or invalid value for key Type. Event Type is: "
                         "%.*s.",
                         STR_ARG(node_shown(s->arena, type)));
        return NULL;
    }
    if (!is_alphanumeric(pair->key)) {
        sam_refuse(s, event->id, "Logical ids must be alphanumeric.");
        return NULL;
    }
    event->properties = node_get(&pair->value, "Properties");
    if (!node_has(&pair->value, "Properties")) {
        event->properties = node_new(s->arena, node_map());
    } else if (!node_is(event->properties, VALUE_MAP)) {
        sam_refuse(s, event->id, "Properties of a resource must be an object.");
        return NULL;
    }
    return sam_check(s, event->id, kind->type, event->properties, kind->properties) ? kind : NULL;
}

static int by_path(const void *a, const void *b)
{
    const struct pair *one = *(const struct pair *const *)a;
    const struct pair *two = *(const struct pair *const *)b;
    const struct value *first = node_get(node_get(&one->value, "Properties"), "Path");
    const struct value *second = node_get(node_get(&two->value, "Properties"), "Path");

    return str_cmp(first != NULL ? node_text(first) : one->key,
                   second != NULL ? node_text(second) : two->key);
}

/* ---- all of them ---- */

bool sam_events_look(struct sam *s, bool machine)
{
    const struct value *events = sam_property(s, "Events");
    struct sam_event event = {.target = NULL};

    for (uint32_t i = 0; node_is(events, VALUE_MAP) && i < events->count && !s->refused; i++) {
        const struct sam_event_kind *kind = read_event(s, machine, &events->pairs[i], &event);

        if (kind != NULL && kind->look != NULL) {
            kind->look(s, &event);
        }
    }
    return !s->refused;
}

void sam_events_make(struct sam *s, const struct sam_target *target, bool machine)
{
    const struct value *events = sam_property(s, "Events");
    struct sam_event event = {.target = target};
    const struct sam_event_kind *kind;
    const struct pair **sorted;

    if (!node_is(events, VALUE_MAP)) {
        return;
    }
    sorted = arena_alloc(s->arena, (events->count + 1) * sizeof(*sorted));
    for (uint32_t i = 0; i < events->count; i++) {
        sorted[i] = &events->pairs[i];
    }
    s->bare_events = machine;
    if (!machine) {
        qsort(sorted, events->count, sizeof(*sorted), by_path);
    }
    for (uint32_t i = 0; i < events->count && !s->refused; i++) {
        kind = read_event(s, machine, sorted[i], &event);
        if (kind != NULL) {
            kind->make(s, &event);
        }
    }
}
