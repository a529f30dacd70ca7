/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters put and deleted; labels of their versions.
 */
#include "svc/ssm/ssm_ops.h"

/* ---- PutParameter ---- */

/* Room for one more version: the oldest goes, unless it has a label. */
static status versions_room(struct call *c, const struct parameter *parameter, int64_t *ret_gone)
{
    int64_t oldest = get_int(parameter->about, "Version", 0) + 1 - VERSIONS_MAX;
    const struct value *version = oldest > 0 ? version_load(c, parameter, oldest) : NULL;

    *ret_gone = version != NULL ? oldest : 0;
    if (version != NULL && has(version, "Labels")) {
        return fail(c, &SSM_VERSIONS,
                    "You attempted to create a new version of %.*s by calling the PutParameter "
                    "API with the overwrite flag. Version %lld, the oldest version, can't be "
                    "deleted because it has a label associated with it. Move the label to "
                    "another version of the parameter, and try again.",
                    STR_ARG(parameter->name), (long long)oldest);
    }
    return OK;
}

static status put_check(struct call *c, bool there)
{
    if (there && !arg_bool(c, "Overwrite", false)) {
        return fail(c, &SSM_EXISTS,
                    "The parameter already exists. To overwrite this value, set the overwrite "
                    "option in the request to true.");
    }
    if (arg_has(c, "Tags") && arg_bool(c, "Overwrite", false)) {
        return fail(c, &SSM_VALIDATION,
                    "Invalid request: tags and overwrite can't be used together. To create a "
                    "parameter with tags, please remove overwrite flag. To update tags for an "
                    "existing parameter, please use AddTagsToResource or "
                    "RemoveTagsFromResource.");
    }
    return OK;
}

/* The parameter as the call makes it; old NULL: it is new. */
static void about_fill(struct call *c, const struct value *old, struct value *about)
{
    static const char *const texts[] = {"Description", "AllowedPattern", "Type", "KeyId",
                                        "DataType"};
    struct str name = arg_str(c, "Name");

    set_str(about, "Name", name);
    set_str(about, "ARN", parameter_arn(c, name));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (arg_has(c, texts[i])) {
            set_str(about, texts[i], arg_str(c, texts[i]));
        } else if (old != NULL && has(old, texts[i]) && i >= 2) { /* others are said anew */
            set_str(about, texts[i], get_str(old, texts[i]));
        }
    }
    if (!has(about, "DataType")) {
        set_str(about, "DataType", STR("text"));
    }
    if (str_eq(get_str(about, "Type"), STR("SecureString")) && !has(about, "KeyId")) {
        set_str(about, "KeyId", STR("alias/aws/ssm"));
    }
    set_time(about, "LastModifiedDate", c->now);
    if (c->principal.bytes > 0) {
        set_str(about, "LastModifiedUser", c->principal);
    }
    set_str(about, "Tier", tier_of_call(c, old));
    set_int(about, "Version", old == NULL ? 1 : get_int(old, "Version", 0) + 1);
}

static void version_put(struct call *c, const struct parameter *parameter, struct str value)
{
    struct value *version = version_new(c);

    set_members(c->arena, version, parameter->about);
    set_str(version, "Value", value);
    version_save(c, parameter, version);
}

/* PutParameter */
status ssm_put(struct call *c)
{
    struct parameter parameter = {c->account, c->region, arg_str(c, "Name"), NULL};
    struct value *about = parameter_about_new(c);
    struct str value;
    bool there;
    int64_t gone = 0;

    TRY(name_check(c, parameter.name));
    there = parameter_of_name(c, parameter.name, &parameter);
    TRY(put_check(c, there));
    TRY(value_check(c, parameter.about));
    TRY(policies_of_call(c, parameter.about, about));
    if (there) {
        TRY(versions_room(c, &parameter, &gone));
    }
    TRY(tags_check(c, NULL, arg(c, "Tags")));
    about_fill(c, parameter.about, about);
    TRY(value_seal(c, about, &value));
    parameter.about = about;
    if (gone > 0) {
        version_erase(c, &parameter, gone);
    }
    version_put(c, &parameter, value);
    parameter_save(c, &parameter);
    policies_plan(c, &parameter);
    if (arg_has(c, "Tags")) {
        struct value *tags = tags_load(c, &parameter);

        tags_lay(c->arena, tags, "TagList", arg(c, "Tags"));
        tags_save(c, &parameter, tags);
    }
    event_change(c, &parameter, there ? "Update" : "Create");
    put_int(c, "Version", get_int(about, "Version", 0));
    put_str(c, "Tier", get_str(about, "Tier"));
    return OK;
}

/* ---- deleting ---- */

static void parameter_drop(struct call *c, const struct parameter *parameter)
{
    event_change(c, parameter, "Delete");
    policies_forget(c, parameter);
    parameter_purge(c, parameter);
}

/* DeleteParameter */
status ssm_delete_parameter(struct call *c)
{
    struct parameter parameter;

    TRY(parameter_of_text(c, arg_str(c, "Name"), &parameter));
    parameter_drop(c, &parameter);
    return OK;
}

/* DeleteParameters */
status ssm_delete_parameters(struct call *c)
{
    const struct value *names = arg(c, "Names");
    struct value *deleted = put_list(c, "DeletedParameters", names->count);
    struct value *invalid = put_list(c, "InvalidParameters", names->count);

    for (uint32_t i = 0; i < names->count; i++) {
        struct parameter parameter;

        if (parameter_of_text(c, names->items[i].str, &parameter) == OK) {
            parameter_drop(c, &parameter);
            list_add_str(deleted, names->items[i].str);
        } else {
            list_add_str(invalid, names->items[i].str);
        }
    }
    return OK;
}

/* ---- labels ---- */

static bool list_has(const struct value *list, struct str text)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, text)) {
            return true;
        }
    }
    return false;
}

/* The version's labels without those of drop, and with those of add that it has not. */
static void labels_set(struct call *c, struct value *version, const struct value *drop,
                       const struct value *add)
{
    const struct value *old = get(version, "Labels");
    struct value before = old == NULL ? (struct value){.kind = VALUE_LIST} : *old;
    struct value *list = set_list(c->arena, version, "Labels",
                                  before.count + (add == NULL ? 0 : add->count));

    for (uint32_t i = 0; i < before.count; i++) {
        if (!list_has(drop, before.items[i].str)) {
            list_add_str(list, before.items[i].str);
        }
    }
    for (uint32_t i = 0; add != NULL && i < add->count; i++) {
        if (!list_has(list, add->items[i].str)) {
            list_add_str(list, add->items[i].str);
        }
    }
    if (list->count == 0) {
        unset(version, "Labels");
    }
}

static status version_of_call(struct call *c, const struct parameter *parameter, int64_t number,
                              struct value **ret_version)
{
    *ret_version = version_load(c, parameter, number);
    if (*ret_version == NULL) {
        return fail(c, &SSM_NO_VERSION,
                    "Systems Manager could not find version %lld of %.*s. Verify the version and "
                    "try again.", (long long)number, STR_ARG(parameter->name));
    }
    return OK;
}

/* Good labels of the call into one list, the others into another. */
static struct value labels_sort(struct call *c, struct value *invalid)
{
    const struct value *wanted = arg(c, "Labels");
    struct value good = {.kind = VALUE_LIST};

    good.items = arena_alloc(c->arena, (wanted->count + 1) * sizeof(good.items[0]));
    good.room = wanted->count;
    for (uint32_t i = 0; i < wanted->count; i++) {
        list_add_str(label_is_good(wanted->items[i].str) ? &good : invalid,
                     wanted->items[i].str);
    }
    return good;
}

/* LabelParameterVersion */
status ssm_label(struct call *c)
{
    struct value *invalid = put_list(c, "InvalidLabels", arg(c, "Labels")->count);
    struct value good = labels_sort(c, invalid);
    struct parameter parameter;
    struct value *version, *other;
    struct txn_scan *scan;
    int64_t number;

    TRY(parameter_of_text(c, arg_str(c, "Name"), &parameter));
    number = arg_int(c, "ParameterVersion", get_int(parameter.about, "Version", 0));
    TRY(version_of_call(c, &parameter, number, &version));
    labels_set(c, version, NULL, &good);
    if (has(version, "Labels") && get(version, "Labels")->count > LABELS_MAX) {
        return fail(c, &SSM_LABELS,
                    "A parameter version can have maximum 10 labels.Move one or more labels to "
                    "another version and try again.");
    }
    scan = versions_scan(c, &parameter);
    while ((other = versions_next(c, scan)) != NULL) { /* a label moves */
        size_t count = has(other, "Labels") ? get(other, "Labels")->count : 0;

        if (get_int(other, "Version", 0) == number || count == 0) {
            continue;
        }
        labels_set(c, other, &good, NULL);
        if (!has(other, "Labels") || get(other, "Labels")->count != count) {
            version_save(c, &parameter, other);
        }
    }
    version_save(c, &parameter, version);
    call_on(c, get_str(parameter.about, "ARN"));
    event_change(c, &parameter, "LabelParameterVersion");
    put_int(c, "ParameterVersion", number);
    return OK;
}

/* UnlabelParameterVersion */
status ssm_unlabel(struct call *c)
{
    const struct value *wanted = arg(c, "Labels");
    struct parameter parameter;
    struct value *version, *removed, *invalid;

    TRY(parameter_of_text(c, arg_str(c, "Name"), &parameter));
    TRY(version_of_call(c, &parameter, arg_int(c, "ParameterVersion", 0), &version));
    removed = put_list(c, "RemovedLabels", wanted->count);
    invalid = put_list(c, "InvalidLabels", wanted->count);
    for (uint32_t i = 0; i < wanted->count; i++) {
        list_add_str(list_has(get(version, "Labels"), wanted->items[i].str) ? removed : invalid,
                     wanted->items[i].str);
    }
    labels_set(c, version, removed, NULL);
    version_save(c, &parameter, version);
    call_on(c, get_str(parameter.about, "ARN"));
    return OK;
}
