/* SPDX-License-Identifier: Apache-2.0
 *
 * What keys are made of: 32 bytes for AES, as many as the hash has for HMAC, a PKCS #8 for RSA and
 * curves. In rows it is sealed under the master key with AES-256-GCM; account, id of the key and
 * number of the material are authenticated with it, so that a row can be nobody else's.
 *
 * Its id is an HMAC of it under the master key: the same bytes are the same material of a key, and
 * the id tells nothing of them.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "base/mem.h"
#include "svc/kms/keys.h"

#include <assert.h>

#define ID_BEGIN_BYTES 8

struct material *material_current(const struct kms_key *key)
{
    for (size_t i = key->material_count; i > 0; i--) {
        if (key->materials[i - 1].state == MATERIAL_CURRENT) {
            return &key->materials[i - 1];
        }
    }
    return NULL;
}

struct material *material_by_id(const struct kms_key *key, struct str id)
{
    assert(id.bytes <= MATERIAL_ID_BYTES);
    for (size_t i = key->material_count; i > 0; i--) {
        if (memcmp(key->materials[i - 1].id, id.at, id.bytes) == 0) {
            return &key->materials[i - 1];
        }
    }
    return NULL;
}

struct str material_id_text(struct arena *arena, const struct material *material)
{
    char *hex = arena_alloc(arena, 2 * MATERIAL_ID_BYTES);

    hex_encode(str_of(material->id, MATERIAL_ID_BYTES), hex);
    return str_of(hex, 2 * MATERIAL_ID_BYTES);
}

void material_free(struct material *material)
{
    text_set(&material->description, STR_NONE);
}

void material_identify(const struct kms *kms, const struct kms_key *key, struct str secret,
                       uint8_t out[MATERIAL_ID_BYTES])
{
    struct buf text;

    static_assert(MATERIAL_ID_BYTES == SHA256_BYTES, "an id is one HMAC");
    assert(kms->master_known);
    buf_init(&text, CRYPT_BYTES_MAX + 256);
    buf_add(&text, key->account);
    buf_add_c(&text, '/');
    buf_add(&text, key->id);
    buf_add_c(&text, '/');
    buf_add(&text, secret);
    assert(!buf_spent(&text));
    hmac_sha256(str_of(kms->master, sizeof(kms->master)), buf_str(&text), out);
    crypt_wipe_str(buf_str(&text));
    buf_done(&text);
}

static struct str aad_of(struct call *c, const struct kms_key *key, uint32_t number)
{
    return arena_printf(c->arena, "weir kms 1/%.*s/%.*s/%u", STR_ARG(key->account),
                        STR_ARG(key->id), number);
}

bool material_open(struct call *c, const struct kms_key *key, const struct material *material,
                   struct str *ret_secret)
{
    struct str sealed;
    uint8_t *plain;
    bool good;

    if (!material->present || !material_read(c, key, material->number, &sealed)) {
        return false;
    }
    assert(sealed.bytes > GCM_EXTRA_BYTES);
    plain = arena_alloc(c->arena, sealed.bytes);
    good = gcm_open(kms_of(c)->master, aad_of(c, key, material->number), sealed, plain);
    assert(good); /* the row is ours, and the journal's checksums have seen it */
    *ret_secret = str_of(plain, sealed.bytes - GCM_EXTRA_BYTES);
    return true;
}

void material_put(struct call *c, struct kms_key *key, struct material *material,
                  struct str secret)
{
    uint8_t *sealed = arena_alloc(c->arena, secret.bytes + GCM_EXTRA_BYTES);

    assert(kms_of(c)->master_known);
    gcm_seal(kms_of(c)->master, aad_of(c, key, material->number), secret, sealed);
    material_save(c, key, material->number, str_of(sealed, secret.bytes + GCM_EXTRA_BYTES));
    material->present = true;
}

struct material *material_add(struct call *c, struct kms_key *key, struct str secret,
                              uint8_t state)
{
    struct material *current = state == MATERIAL_CURRENT ? material_current(key) : NULL;
    struct material *material;

    assert(key->material_count < MATERIALS_MAX);
    if (current != NULL) {
        current->state = MATERIAL_OLD;
    }
    key->materials =
        mem_grow(key->materials, (key->material_count + 1) * sizeof(key->materials[0]));
    material = &key->materials[key->material_count++];
    *material = (struct material){.number = ++key->material_last, .state = state,
                                  .at_ms = c->now};
    material_identify(kms_of(c), key, secret, material->id);
    material_put(c, key, material, secret);
    return material;
}

void material_forget(struct call *c, struct kms_key *key, struct material *material)
{
    if (material->present) {
        material_erase(c, key, material->number);
        material->present = false;
    }
}

void material_make(struct call *c, struct kms_key *key)
{
    uint8_t chance[MAC_BYTES_MAX];
    struct str secret = str_of(chance, key->spec->bits / 8);

    assert(key->spec->kind == SPEC_AES || key->spec->kind == SPEC_HMAC);
    rand_secret(chance, secret.bytes);
    (void)material_add(c, key, secret, MATERIAL_CURRENT);
    crypt_wipe_str(secret);
}
