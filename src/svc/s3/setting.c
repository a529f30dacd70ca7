/* SPDX-License-Identifier: Apache-2.0
 *
 * What is configured for a bucket: texts by kind and name, in memory sorted, in the store one row
 * each. Whoever sets one drops what was compiled of them.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "svc/s3/s3_core.h"
#include "wire/json.h"

#include <assert.h>

#define SETTING_BYTES_MAX (4u * 1024 * 1024)

/* Where such a setting is, or would be. */
static uint32_t setting_at(const struct bucket *bucket, uint8_t kind, struct str name,
                           bool *ret_there)
{
    uint32_t low = 0;
    uint32_t high = bucket->setting_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct setting *setting = &bucket->settings[middle];
        int order = setting->kind != kind ? (setting->kind < kind ? -1 : 1)
                                          : str_cmp(setting->name, name);

        if (order == 0) {
            *ret_there = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_there = false;
    return low;
}

struct str bucket_setting(const struct bucket *bucket, enum bucket_setting kind, struct str name)
{
    bool there;
    uint32_t at = setting_at(bucket, (uint8_t)kind, name, &there);

    return there ? bucket->settings[at].text : STR_NONE;
}

const struct setting *setting_next(const struct bucket *bucket, enum bucket_setting kind,
                                   size_t *position)
{
    bool there;
    uint32_t first = setting_at(bucket, (uint8_t)kind, STR_NONE, &there);
    size_t at = first + *position;

    if (at >= bucket->setting_count || bucket->settings[at].kind != kind) {
        return NULL;
    }
    ++*position;
    return &bucket->settings[at];
}

void setting_keep(struct bucket *bucket, const struct setting *setting)
{
    bool there;
    uint32_t at = setting_at(bucket, setting->kind, setting->name, &there);

    if (!there) {
        assert(bucket->setting_count < SETTINGS_PER_BUCKET_MAX);
        bucket->settings =
            mem_grow(bucket->settings, (bucket->setting_count + 1) * sizeof(struct setting));
        memmove(&bucket->settings[at + 1], &bucket->settings[at],
                (bucket->setting_count - at) * sizeof(struct setting));
        bucket->setting_count++;
        bucket->settings[at] = (struct setting){.kind = setting->kind};
        text_keep(&bucket->settings[at].name, setting->name);
    }
    text_keep(&bucket->settings[at].text, setting->text);
}

static void setting_forget(struct bucket *bucket, uint32_t at)
{
    text_keep(&bucket->settings[at].name, STR_NONE);
    text_keep(&bucket->settings[at].text, STR_NONE);
    bucket->setting_count--;
    memmove(&bucket->settings[at], &bucket->settings[at + 1],
            (bucket->setting_count - at) * sizeof(struct setting));
}

void bucket_set_setting(struct call *c, struct bucket *bucket, enum bucket_setting kind,
                        struct str name, struct str text)
{
    struct setting setting = {(uint8_t)kind, name, text};
    bool there;
    uint32_t at = setting_at(bucket, (uint8_t)kind, name, &there);

    if (text.bytes > 0) {
        setting_row_put(c, bucket, &setting);
        setting_keep(bucket, &setting);
    } else if (there) {
        setting_row_delete(c, bucket, &setting);
        setting_forget(bucket, at);
    }
    if (kind != SETTING_PROGRESS) {
        bucket_compiled_free(bucket->compiled);
        bucket->compiled = NULL;
    }
}

void bucket_set_value(struct call *c, struct bucket *bucket, enum bucket_setting kind,
                      struct str name, const struct value *value)
{
    struct buf text;

    if (value == NULL) {
        bucket_set_setting(c, bucket, kind, name, STR_NONE);
        return;
    }
    buf_init(&text, SETTING_BYTES_MAX);
    json_write(&text, value, TIME_ISO);
    assert(!buf_spent(&text)); /* a body that the wire let in is smaller */
    bucket_set_setting(c, bucket, kind, name, buf_str(&text));
    buf_done(&text);
}

const struct value *bucket_value(struct arena *arena, const struct setting *setting,
                                 uint32_t shape)
{
    struct value *value;
    status read;

    if (setting == NULL) {
        return NULL;
    }
    value = ARENA_NEW(arena, struct value);
    read = json_read(arena_dup(arena, setting->text), shape, arena, NULL, value);
    assert(read == OK);
    return value;
}

uint32_t s3_shape(const char *operation, const char *member)
{
    const struct operation *found = model_operation(model_service(STR("s3")), str_c(operation));
    const struct shape *input;
    int index;

    assert(found != NULL);
    input = model_shape(found->input);
    index = model_member_index(input, str_c(member));
    assert(index >= 0);
    return model_members[input->first + (uint32_t)index].shape;
}
