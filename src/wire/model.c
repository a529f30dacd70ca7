/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups in the generated tables. Services are few and walked; operations are sorted by name and
 * halved; members are compared by length and bytes in the structure's order, which is what a
 * structure of a handful of members deserves.
 */
#include "wire/model.h"

#include <assert.h>

const struct service_model *model_service(struct str id)
{
    for (uint32_t i = 0; i < model_service_count; i++) {
        if (str_eq(model_text(model_services[i].id), id)) {
            return &model_services[i];
        }
    }
    return NULL;
}

const struct operation *model_operation(const struct service_model *service, struct str name)
{
    uint32_t low = service->operation_first;
    uint32_t high = low + service->operation_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = str_cmp(model_text(model_operations[middle].name), name);

        if (order == 0) {
            return &model_operations[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct service_model *model_service_of(const struct operation *operation)
{
    return &model_services[operation->service];
}

static bool member_named(const struct shape *structure, uint32_t index, struct str name)
{
    return str_eq(model_text(model_members[structure->first + index].name), name);
}

/* Handlers ask for the same names again and again, by literals: where one was found the last time
 * is remembered by its address and looked at first. A guess is always compared, so it may be
 * wrong. */
#define GUESSES 4096

int model_member_index(const struct shape *structure, struct str name)
{
    static _Thread_local uint16_t guesses[GUESSES];
    size_t slot = ((uintptr_t)name.at >> 1 ^ (uintptr_t)(structure - model_shapes) * 31) % GUESSES;
    uint32_t guess = guesses[slot];

    if (guess < structure->count && member_named(structure, guess, name)) {
        return (int)guess;
    }
    for (uint32_t i = 0; i < structure->count; i++) {
        if (member_named(structure, i, name)) {
            guesses[slot] = (uint16_t)i;
            return (int)i;
        }
    }
    return -1;
}

int model_member_index_wire(const struct shape *structure, struct str wire_name)
{
    for (uint32_t i = 0; i < structure->count; i++) {
        if (str_eq(model_text(model_members[structure->first + i].wire_name), wire_name)) {
            return (int)i;
        }
    }
    return -1;
}

const struct shape *model_error(const struct operation *operation, struct str code)
{
    for (uint32_t i = 0; i < operation->error_count; i++) {
        const struct shape *shape =
            model_shape(model_error_shapes[operation->error_first + i]);

        if (str_eq(model_text(shape->wire_code), code) || str_eq(model_text(shape->name), code)) {
            return shape;
        }
    }
    const struct service_model *service = model_service_of(operation);

    for (uint32_t i = 0; i < service->operation_count; i++) {
        const struct operation *other = &model_operations[service->operation_first + i];

        for (uint32_t j = 0; j < other->error_count; j++) {
            const struct shape *shape =
                model_shape(model_error_shapes[other->error_first + j]);

            if (str_eq(model_text(shape->wire_code), code) ||
                str_eq(model_text(shape->name), code)) {
                return shape;
            }
        }
    }
    return NULL;
}

static const struct str methods[] = {
    STR_INIT("GET"),  STR_INIT("POST"),  STR_INIT("PUT"),     STR_INIT("DELETE"),
    STR_INIT("HEAD"), STR_INIT("PATCH"), STR_INIT("OPTIONS"),
};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

struct str model_method(uint8_t method)
{
    assert(method < METHODS);
    return methods[method];
}

uint8_t model_method_index(struct str method)
{
    uint8_t index = 0;

    while (index < METHODS && !str_eq(methods[index], method)) {
        index++;
    }
    return index < METHODS ? index : MODEL_NO_METHOD;
}
