/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers: their rows are settings of kind "layer", by name and by number (20 digits, so that they
 * are in order), shaped as GetLayerVersion's output. The sum in it names the package.
 */
#include "base/codec.h"
#include "cell/cell.h"
#include "svc/lambda/config.h"

#include <assert.h>

/* arn:aws:lambda:us-east-1:000000000000:layer:NAME[:VERSION]; a number of 0: none. */
bool layer_parse(struct arena *arena, struct str text, struct target *ret_target,
                 uint64_t *ret_number)
{
    struct arn arn;
    struct str rest;
    struct str number;

    if (!arn_read(text, &arn) || !str_starts(arn.resource, STR("layer:"))) {
        return false;
    }
    rest = str_slice(arn.resource, 6, arn.resource.bytes);
    *ret_target = (struct target){arn.account, arn.region, str_split(&rest, ':'), STR_NONE};
    number = rest;
    *ret_number = 0;
    if (number.bytes > 0 && (!str_to_u64(number, ret_number) || *ret_number == 0)) {
        return false;
    }
    ret_target->qualifier = layer_qualifier(arena, *ret_number);
    return ret_target->name.bytes > 0 && ret_target->name.bytes <= WORD_BYTES_MAX;
}

struct str layer_qualifier(struct arena *arena, uint64_t number)
{
    return number == 0 ? STR_NONE
                       : arena_printf(arena, "%020llu", (unsigned long long)number);
}

static struct str hex_of_base64(struct call *c, struct str text)
{
    char raw[64];
    size_t bytes = 0;
    char *hex = arena_alloc(c->arena, 2 * SHA256_BYTES);
    bool good = text.bytes <= sizeof(raw) && base64_decode(text, raw, &bytes);

    assert(good);
    assert(bytes == SHA256_BYTES);
    hex_encode(str_of(raw, bytes), hex);
    return str_of(hex, 2 * SHA256_BYTES);
}

struct str layer_package(struct call *c, const struct value *config)
{
    return hex_of_base64(c, get_str(get(config, "Content"), "CodeSha256"));
}

bool layer_get(struct call *c, const struct target *target, struct layer *ret_layer)
{
    if (target->qualifier.bytes == 0 ||
        !setting_get_value(c, "layer", target, shape_of("GetLayerVersion", NULL),
                           &ret_layer->config)) {
        return false;
    }
    ret_layer->sha256 = layer_package(c, ret_layer->config);
    bool there = package_get(c, ret_layer->sha256, &ret_layer->package);

    assert(there);
    return true;
}

bool layer_find(struct call *c, struct str arn, struct layer *ret_layer)
{
    struct target target;
    uint64_t number;

    return layer_parse(c->arena, arn, &target, &number) && number > 0 &&
           layer_get(c, &target, ret_layer);
}
