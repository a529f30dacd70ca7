/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of groups and destinations, by the new operations (with an ARN) and the old ones (with a
 * group's name).
 */
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"

status tags_check(struct call *c, struct str arn, const struct value *map, status too_many)
{
    size_t count = tags_count(c, arn);
    struct str value;

    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        if (str_starts_nocase(map->pairs[i].key, STR("aws:"))) {
            return fail(c, &LOGS_INVALID,
                        "Tag keys that begin with aws: are reserved for AWS.");
        }
        count += tag_load(c, arn, map->pairs[i].key, &value) ? 0 : 1;
    }
    if (count > TAGS_MAX) {
        return fail(c, too_many, "A resource can have at most %d tags.", TAGS_MAX);
    }
    return OK;
}

void tags_set(struct call *c, struct str arn, const struct value *map)
{
    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        tag_save(c, arn, map->pairs[i].key, map->pairs[i].value.str);
    }
}

/* What may have tags, by its ARN: a group or a destination. */
static status tagged(struct call *c, struct str *ret_arn)
{
    struct str text = arg_str(c, "resourceArn");
    struct group *group;
    struct arn arn;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("logs"))) {
        return fail(c, &LOGS_INVALID, "The specified resource ARN is not valid: %.*s",
                    STR_ARG(text));
    }
    if (str_starts(arn.resource, STR("destination:"))) {
        if (destination_target(c, &arn).at == NULL) {
            return fail(c, &LOGS_NOT_FOUND, "The specified destination does not exist.");
        }
        *ret_arn = text;
        return OK;
    }
    TRY(group_of_identifier(c, text, &group));
    *ret_arn = group_arn(c, group);
    return OK;
}

/* TagResource */
status logs_tag(struct call *c)
{
    struct str arn;

    TRY(tagged(c, &arn));
    TRY(tags_check(c, arn, arg(c, "tags"), &LOGS_TAGS));
    tags_set(c, arn, arg(c, "tags"));
    call_on(c, arn);
    return OK;
}

static void untag(struct call *c, struct str arn, const struct value *names)
{
    for (uint32_t i = 0; i < names->count; i++) {
        tag_erase(c, arn, names->items[i].str);
    }
    call_on(c, arn);
}

/* UntagResource */
status logs_untag(struct call *c)
{
    struct str arn;

    TRY(tagged(c, &arn));
    untag(c, arn, arg(c, "tagKeys"));
    return OK;
}

/* ListTagsForResource */
status logs_list_tags(struct call *c)
{
    struct str arn;

    TRY(tagged(c, &arn));
    tags_put(c, arn, "tags");
    return OK;
}

/* TagLogGroup */
status logs_tag_group(struct call *c)
{
    struct group *group;
    struct str arn;

    TRY(group_of_call(c, &group));
    arn = group_arn(c, group);
    TRY(tags_check(c, arn, arg(c, "tags"), &LOGS_INVALID));
    tags_set(c, arn, arg(c, "tags"));
    call_on(c, arn);
    return OK;
}

/* UntagLogGroup */
status logs_untag_group(struct call *c)
{
    struct group *group;

    TRY(group_of_call(c, &group));
    untag(c, group_arn(c, group), arg(c, "tags"));
    return OK;
}

/* ListTagsLogGroup */
status logs_list_tags_of_group(struct call *c)
{
    struct group *group;

    TRY(group_of_call(c, &group));
    tags_put(c, group_arn(c, group), "tags");
    return OK;
}
