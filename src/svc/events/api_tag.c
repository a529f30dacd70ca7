/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of rules and event buses.
 */
#include "cell/authorize.h"
#include "svc/events/events_ops.h"

status tags_check(struct call *c, const struct value *list, size_t there)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_starts_nocase(get_str(&list->items[i], "Key"), STR("aws:"))) {
            return fail(c, &EVENTS_VALIDATION,
                        "Tag keys that begin with aws: are reserved for AWS.");
        }
    }
    if (list != NULL && there + list->count > TAGS_MAX) {
        return fail(c, &EVENTS_VALIDATION, "A resource can have at most %d tags.", TAGS_MAX);
    }
    return OK;
}

void tags_set(struct settings *tags, const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        setting_set(tags, get_str(&list->items[i], "Key"), get_str(&list->items[i], "Value"));
    }
}

/* What has tags: one of both. */
struct tagged {
    struct event_bus *bus;
    struct rule *rule;
    struct settings *tags;
};

static status tagged_of_call(struct call *c, const char *action, struct tagged *ret_tagged)
{
    struct str text = arg_str(c, "ResourceARN");
    struct tagged tagged = {.bus = NULL};
    struct arn arn;

    TRY(call_may(c, action, text));
    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("events"))) {
        return fail(c, &EVENTS_VALIDATION, "Parameter ResourceARN is not valid.");
    }
    tagged.bus = bus_of_arn(events_of(c), text);
    tagged.rule = rule_of_arn(events_of(c), text);
    if (tagged.rule == NULL && tagged.bus == NULL) {
        struct str name = str_slice(arn.resource, str_find(arn.resource, '/', 0) + 1,
                                    arn.resource.bytes);

        return str_starts(arn.resource, STR("rule/"))
                   ? fail(c, &EVENTS_NOT_FOUND, "Rule %.*s does not exist on EventBus default.",
                          STR_ARG(name))
                   : fail(c, &EVENTS_NOT_FOUND, "Event bus %.*s does not exist.", STR_ARG(name));
    }
    tagged.tags = tagged.rule != NULL ? &tagged.rule->tags : &tagged.bus->tags;
    *ret_tagged = tagged;
    return OK;
}

static void tagged_save(struct call *c, const struct tagged *tagged)
{
    if (tagged->rule != NULL) {
        rule_save(c, tagged->rule);
    } else {
        bus_save(c, tagged->bus);
    }
    call_on(c, arg_str(c, "ResourceARN"));
}

/* TagResource */
status events_tag(struct call *c)
{
    const struct value *list = arg(c, "Tags");
    struct tagged tagged;
    size_t there;

    TRY(tagged_of_call(c, "events:TagResource", &tagged));
    there = tagged.tags->count;
    for (uint32_t i = 0; i < list->count; i++) { /* what is replaced is no more than before */
        for (size_t k = 0; k < tagged.tags->count; k++) {
            there -= str_eq(tagged.tags->items[k].name, get_str(&list->items[i], "Key"));
        }
    }
    TRY(tags_check(c, list, there));
    tags_set(tagged.tags, list);
    tagged_save(c, &tagged);
    return OK;
}

/* UntagResource */
status events_untag(struct call *c)
{
    const struct value *keys = arg(c, "TagKeys");
    struct tagged tagged;

    TRY(tagged_of_call(c, "events:UntagResource", &tagged));
    for (uint32_t i = 0; i < keys->count; i++) {
        setting_remove(tagged.tags, keys->items[i].str);
    }
    tagged_save(c, &tagged);
    return OK;
}

/* ListTagsForResource */
status events_list_tags(struct call *c)
{
    struct tagged tagged;
    struct value *list;

    TRY(tagged_of_call(c, "events:ListTagsForResource", &tagged));
    list = put_list(c, "Tags", tagged.tags->count);
    for (size_t i = 0; i < tagged.tags->count; i++) {
        struct value *item = list_add(c->arena, list);

        set_str(item, "Key", tagged.tags->items[i].name);
        set_str(item, "Value", tagged.tags->items[i].text);
    }
    return OK;
}
