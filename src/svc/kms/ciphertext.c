/* SPDX-License-Identifier: Apache-2.0
 *
 * Making, reading and opening ciphertexts; ciphertext.h has their format.
 */
#include "svc/kms/ciphertext.h"

#include "base/cursor.h"

#include <assert.h>
#include <stdlib.h>

#define MAGIC "\x01\x02\x02\x00\x78w\x01"
#define MAGIC_BYTES 7
#define ACCOUNT_BYTES 6
#define ACCOUNT_DIGITS 12

/* ---- the encryption context ---- */

static int pair_order(const void *a, const void *b)
{
    return str_cmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static struct str aad_of(struct call *c, struct str head, const struct value *context)
{
    uint32_t count = context == NULL ? 0 : context->count;
    struct pair *pairs = arena_alloc(c->arena, (count + 1) * sizeof(*pairs));
    struct buf text;
    struct str aad;

    if (count > 0) {
        memcpy(pairs, context->pairs, count * sizeof(*pairs));
        qsort(pairs, count, sizeof(*pairs), pair_order);
    }
    buf_init(&text, 16u << 20);
    buf_add(&text, head);
    for (uint32_t i = 0; i < count; i++) {
        write_str(&text, pairs[i].key);
        write_str(&text, pairs[i].value.str);
    }
    assert(!buf_spent(&text)); /* a request is smaller */
    aad = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return aad;
}

/* ---- the head ---- */

static struct str head_of(struct call *c, const struct kms_key *key,
                          const struct material *material)
{
    uint64_t account = 0;
    struct buf text;
    struct str head;
    bool digits = str_to_u64(key->account, &account);

    assert(digits);
    assert(key->id.bytes <= KEY_ID_BYTES_MAX);
    buf_init(&text, 256);
    buf_add_bytes(&text, MAGIC, MAGIC_BYTES);
    for (int i = ACCOUNT_BYTES - 1; i >= 0; i--) {
        buf_add_c(&text, (char)(account >> (8 * i)));
    }
    buf_add_c(&text, (char)key->id.bytes);
    buf_add(&text, key->id);
    buf_add_bytes(&text, material->id, CIPHERTEXT_MATERIAL_BYTES);
    head = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return head;
}

bool ciphertext_read(struct str text, struct arena *arena, struct ciphertext *ret_ciphertext)
{
    struct cursor cursor = cursor_of(text);
    struct str magic = read_bytes(&cursor, MAGIC_BYTES);
    struct str account = read_bytes(&cursor, ACCOUNT_BYTES);
    size_t id_bytes = read_u8(&cursor);
    struct str id = read_bytes(&cursor, id_bytes);
    struct str material = read_bytes(&cursor, CIPHERTEXT_MATERIAL_BYTES);
    uint64_t number = 0;

    if (!cursor_ok(&cursor) || !str_eq(magic, str_of(MAGIC, MAGIC_BYTES)) || id.bytes == 0 ||
        id.bytes > KEY_ID_BYTES_MAX || cursor.rest.bytes < GCM_EXTRA_BYTES) {
        return false;
    }
    for (size_t i = 0; i < ACCOUNT_BYTES; i++) {
        number = number << 8 | (uint8_t)account.at[i];
    }
    ret_ciphertext->account =
        arena_printf(arena, "%0*llu", ACCOUNT_DIGITS, (unsigned long long)number);
    ret_ciphertext->key_id = id;
    ret_ciphertext->material = material;
    ret_ciphertext->head = str_of(text.at, text.bytes - cursor.rest.bytes);
    ret_ciphertext->sealed = cursor.rest;
    return ret_ciphertext->account.bytes == ACCOUNT_DIGITS;
}

/* ---- sealing and opening ---- */

struct str ciphertext_seal(struct call *c, const struct kms_key *key, const struct value *context,
                     struct str plain)
{
    const struct material *material = material_current(key);
    struct str head, secret;
    uint8_t *out;
    bool there;

    assert(material != NULL);
    head = head_of(c, key, material);
    there = material_open(c, key, material, &secret);
    assert(there); /* the key is usable */
    out = arena_alloc(c->arena, head.bytes + plain.bytes + GCM_EXTRA_BYTES);
    memcpy(out, head.at, head.bytes);
    gcm_seal((const uint8_t *)secret.at, aad_of(c, head, context), plain, out + head.bytes);
    crypt_wipe_str(secret);
    return str_of(out, head.bytes + plain.bytes + GCM_EXTRA_BYTES);
}

struct kms_key *ciphertext_key(struct call *c, const struct ciphertext *blob)
{
    return key_find(kms_of(c), blob->account, c->region, blob->key_id);
}

status ciphertext_open(struct call *c, const struct kms_key *key, const struct ciphertext *blob,
                 const struct value *context, struct str *ret_plain)
{
    const struct material *material = material_by_id(key, blob->material);
    struct str secret;
    uint8_t *out;
    bool good;

    if (material == NULL || key->spec->kind != SPEC_AES ||
        !material_open(c, key, material, &secret)) {
        return fail(c, &KMS_CIPHERTEXT, "%s", "");
    }
    out = arena_alloc(c->arena, blob->sealed.bytes);
    good = gcm_open((const uint8_t *)secret.at, aad_of(c, blob->head, context), blob->sealed, out);
    crypt_wipe_str(secret);
    if (!good) {
        return fail(c, &KMS_CIPHERTEXT, "%s", "");
    }
    *ret_plain = str_of(out, blob->sealed.bytes - GCM_EXTRA_BYTES);
    return OK;
}
