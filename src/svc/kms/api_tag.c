/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of keys, which their rows have.
 */
#include "svc/kms/kms_ops.h"

#define TAGS_PAGE 50

static size_t tag_place(const struct kms_key *key, struct str name)
{
    size_t place = 0;

    while (place < key->tag_count && !str_eq(key->tags[place].key, name)) {
        place++;
    }
    return place;
}

status tags_check(struct call *c, const struct kms_key *key, const struct value *tags)
{
    size_t count = key == NULL ? 0 : key->tag_count;

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct str name = get_str(&tags->items[i], "TagKey");

        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(name, get_str(&tags->items[j], "TagKey"))) {
                return fail(c, &KMS_TAG, "Duplicate tag keys");
            }
        }
        if (str_starts_nocase(name, STR("aws:"))) {
            return fail(c, &KMS_TAG, "Tags beginning with aws: are reserved");
        }
        count += key == NULL || tag_place(key, name) == key->tag_count;
    }
    return count <= TAGS_MAX ? OK : fail(c, &KMS_TAG, "Too many tags");
}

void tags_set(struct kms_key *key, const struct value *tags)
{
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        size_t place = tag_place(key, get_str(&tags->items[i], "TagKey"));

        if (place == key->tag_count) {
            key->tag_count++;
            text_set(&key->tags[place].key, get_str(&tags->items[i], "TagKey"));
        }
        text_set(&key->tags[place].value, get_str(&tags->items[i], "TagValue"));
    }
}

/* TagResource */
status kms_tag(struct call *c)
{
    struct kms_key *key;

    TRY(key_of_call(c, "kms:TagResource", &key));
    TRY(key_own(c, key));
    TRY(key_not_deleted(c, key));
    TRY(tags_check(c, key, arg(c, "Tags")));
    tags_set(key, arg(c, "Tags"));
    key_changed(c, key);
    return OK;
}

static void tag_remove(struct kms_key *key, struct str name)
{
    size_t place = tag_place(key, name);

    if (place == key->tag_count) {
        return;
    }
    text_set(&key->tags[place].key, STR_NONE);
    text_set(&key->tags[place].value, STR_NONE);
    key->tag_count--;
    memmove(&key->tags[place], &key->tags[place + 1],
            (key->tag_count - place) * sizeof(key->tags[0]));
    key->tags[key->tag_count] = (struct kms_tag){STR_NONE, STR_NONE};
}

/* UntagResource */
status kms_untag(struct call *c)
{
    const struct value *names = arg(c, "TagKeys");
    struct kms_key *key;

    TRY(key_of_call(c, "kms:UntagResource", &key));
    TRY(key_own(c, key));
    TRY(key_not_deleted(c, key));
    for (uint32_t i = 0; i < names->count; i++) {
        tag_remove(key, names->items[i].str);
    }
    key_changed(c, key);
    return OK;
}

/* ListResourceTags */
status kms_list_tags(struct call *c)
{
    struct kms_key *key;
    struct kms_page page;
    struct value *list;
    size_t place = 0;

    TRY(key_of_call(c, "kms:ListResourceTags", &key));
    TRY(page_read(c, TAGS_PAGE, &page));
    list = put_list(c, "Tags", page.limit < TAGS_MAX ? page.limit : TAGS_MAX);
    if (page.after.bytes > 0) {
        place = tag_place(key, page.after);
        place += place < key->tag_count;
    }
    for (; place < key->tag_count && list->count < page.limit; place++) {
        struct value *item = list_add(c->arena, list);

        set_str(item, "TagKey", key->tags[place].key);
        set_str(item, "TagValue",
                key->tags[place].value.bytes == 0 ? STR("") : key->tags[place].value);
    }
    page_end(c, place < key->tag_count ? key->tags[place - 1].key : STR_NONE);
    return OK;
}
