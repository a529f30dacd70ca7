/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of certificates, by the older operations and the newer ones; an account's configuration.
 */
#include "svc/acm/acm_ops.h"

status acm_tags_check(struct call *c, const struct value *old, const struct value *tags)
{
    size_t count = old == NULL ? 0 : old->count;

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct str key = get_str(&tags->items[i], "Key");

        if (str_starts_nocase(key, STR("aws:"))) {
            return fail(c, &ACM_TAG, "Tag keys that begin with aws: are reserved for AWS.");
        }
        count += tag_find(old, key).at == NULL ? 1 : 0;
    }
    if (count > TAGS_MAX) {
        return fail(c, &ACM_TAGS, "A certificate can have at most %d tags.", TAGS_MAX);
    }
    return OK;
}

static status tags_add(struct call *c, struct str arn)
{
    struct certificate certificate;
    struct value *tags;

    TRY(certificate_of_arn(c, arn, &certificate));
    tags = tags_load(c, &certificate);
    TRY(acm_tags_check(c, get(tags, "Tags"), arg(c, "Tags")));
    tags_lay(c->arena, tags, "Tags", arg(c, "Tags"));
    tags_save(c, &certificate, tags);
    call_on(c, certificate_arn(&certificate));
    return OK;
}

static status tags_tell(struct call *c, struct str arn)
{
    struct certificate certificate;

    TRY(certificate_of_arn(c, arn, &certificate));
    set_members(c->arena, c->out, tags_load(c, &certificate));
    if (!has(c->out, "Tags")) {
        put_list(c, "Tags", 0);
    }
    return OK;
}

/* AddTagsToCertificate */
status acm_add_tags(struct call *c)
{
    return tags_add(c, arg_str(c, "CertificateArn"));
}

/* TagResource */
status acm_tag(struct call *c)
{
    return tags_add(c, arg_str(c, "ResourceArn"));
}

/* ListTagsForCertificate */
status acm_list_tags(struct call *c)
{
    return tags_tell(c, arg_str(c, "CertificateArn"));
}

/* ListTagsForResource */
status acm_list_tags_of_resource(struct call *c)
{
    return tags_tell(c, arg_str(c, "ResourceArn"));
}

/* UntagResource */
status acm_untag(struct call *c)
{
    struct certificate certificate;
    struct value *tags;

    TRY(certificate_of_arn(c, arg_str(c, "ResourceArn"), &certificate));
    tags = tags_load(c, &certificate);
    tags_take(tags, "Tags", arg(c, "TagKeys"));
    tags_save(c, &certificate, tags);
    call_on(c, certificate_arn(&certificate));
    return OK;
}

/* RemoveTagsFromCertificate: a tag with a value goes only when it has that value. */
status acm_remove_tags(struct call *c)
{
    const struct value *wanted = arg(c, "Tags");
    struct value keys = {.kind = VALUE_LIST};
    struct certificate certificate;
    struct value *tags;

    TRY(certificate_of_arn(c, arg_str(c, "CertificateArn"), &certificate));
    tags = tags_load(c, &certificate);
    keys.items = arena_alloc(c->arena, (wanted->count + 1) * sizeof(keys.items[0]));
    keys.room = wanted->count;
    for (uint32_t i = 0; i < wanted->count; i++) {
        const struct value *tag = &wanted->items[i];

        if (!has(tag, "Value") || str_eq(get_str(tag, "Value"),
                                         tag_find(get(tags, "Tags"), get_str(tag, "Key")))) {
            list_add_str(&keys, get_str(tag, "Key"));
        }
    }
    tags_take(tags, "Tags", &keys);
    tags_save(c, &certificate, tags);
    call_on(c, certificate_arn(&certificate));
    return OK;
}

/* GetAccountConfiguration */
status acm_get_configuration(struct call *c)
{
    set_members(c->arena, c->out, configuration_load(c));
    return OK;
}

/* PutAccountConfiguration */
status acm_put_configuration(struct call *c)
{
    struct value *configuration = configuration_load(c);

    if (arg_has(c, "ExpiryEvents")) {
        set_value(configuration, "ExpiryEvents", arg(c, "ExpiryEvents"));
    }
    configuration_save(c, configuration);
    return OK;
}
