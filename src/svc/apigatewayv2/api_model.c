/* SPDX-License-Identifier: Apache-2.0
 *
 * Models: records that HTTP APIs keep and do not use.
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"
#include "wire/json.h"

static status model_check(struct call *c, struct str api, const struct value *model)
{
    struct record_scan *scan = record_scan(c, c->arena, KIND_MODEL, api, STR_NONE);
    struct str name = get_str(model, "Name");
    struct str schema = get_str(model, "Schema");
    struct value *other;
    struct value read;
    bool taken = false;
    struct why why;
    struct str id;

    while (!taken && record_next(scan, &id, &other)) {
        taken = str_eq(get_str(other, "Name"), name) && !str_eq(id, get_str(model, "ModelId"));
    }
    record_scan_close(scan);
    if (taken) {
        return fail(c, &GATEWAY_CONFLICT, "Model name already exists for this Api: %.*s",
                    STR_ARG(name));
    }
    for (size_t i = 0; i < name.bytes; i++) {
        char letter = name.at[i];

        if (!((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
              (letter >= '0' && letter <= '9'))) {
            return bad_request(c, "Model name must be alphanumeric: %.*s", STR_ARG(name));
        }
    }
    if (name.bytes == 0) {
        return bad_request(c, "Model name must be alphanumeric: ");
    }
    TRY(size_check(c, KIND_MODEL, model));
    return schema.bytes == 0 ||
                   json_read(arena_dup(c->arena, schema), 0, c->arena, &why, &read) == OK
               ? OK
               : bad_request(c, "Invalid model specified: Validation Result: warnings : [], "
                             "errors : [Invalid model schema specified]");
}

static status model_of_call(struct call *c, struct api *ret_api, struct value **ret_model)
{
    TRY(api_of_call(c, ret_api));
    return record_of_call(c, KIND_MODEL, ret_api->id, ret_model);
}

/* CreateModel */
status apigw_create_model(struct call *c)
{
    struct value *model = record_new(c->arena, KIND_MODEL);
    struct api api;

    TRY(api_of_call(c, &api));
    TRY(lengths_check(c));
    copy_members(model, c->in);
    TRY(model_check(c, api.id, model));
    TRY(room_check(c, KIND_MODEL, api.id, MODELS_MAX));
    set_str(model, "ModelId", id_new(c, KIND_MODEL, api.id, OTHER_ID_LETTERS));
    record_put(c, KIND_MODEL, api.id, get_str(model, "ModelId"), model);
    copy_members(c->out, model);
    return OK;
}

/* GetModel */
status apigw_get_model(struct call *c)
{
    struct value *model;
    struct api api;

    TRY(model_of_call(c, &api, &model));
    copy_members(c->out, model);
    return OK;
}

/* GetModels */
status apigw_get_models(struct call *c)
{
    return list_of_api(c, KIND_MODEL);
}

/* UpdateModel */
status apigw_update_model(struct call *c)
{
    struct value *model;
    struct api api;

    TRY(model_of_call(c, &api, &model));
    TRY(lengths_check(c));
    record_apply(c, model, c->in);
    TRY(model_check(c, api.id, model));
    record_put(c, KIND_MODEL, api.id, get_str(model, "ModelId"), model);
    copy_members(c->out, model);
    return OK;
}

/* DeleteModel */
status apigw_delete_model(struct call *c)
{
    struct value *model;
    struct api api;

    TRY(model_of_call(c, &api, &model));
    record_erase(c, KIND_MODEL, api.id, get_str(model, "ModelId"));
    return OK;
}
