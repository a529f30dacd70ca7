/* SPDX-License-Identifier: Apache-2.0
 *
 * Text messages: attributes, numbers that opted out, the sandbox. Nothing is ever sent (outbox.h),
 * so these are records, kept by account.
 */
#include "bus/outbox.h"
#include "svc/sns/sns_ops.h"

static struct str of_account(struct call *c, struct str name)
{
    return arena_printf(c->arena, "%.*s/%.*s", STR_ARG(c->account), STR_ARG(name));
}

/* The next of this account's things, without the account in its name. */
static bool next_own(struct call *c, struct things *things, struct str *ret_name,
                     struct str *ret_text)
{
    struct str own = of_account(c, STR(""));
    struct str name;

    if (things->scan == NULL) {
        things->after = of_account(c, things->after);
    }
    if (!thing_next(c, things, &name, ret_text)) {
        return false;
    }
    if (!str_starts(name, own)) { /* behind them: names are in order */
        txn_scan_close(things->scan);
        return false;
    }
    *ret_name = str_slice(name, own.bytes, name.bytes);
    return true;
}

/* CheckIfPhoneNumberIsOptedOut */
status sns_check_opted_out(struct call *c)
{
    struct str name = of_account(c, arg_str(c, "phoneNumber"));

    put_bool(c, "isOptedOut", thing_get(c, "opted-out", name).at != NULL);
    return OK;
}

/* ListPhoneNumbersOptedOut */
status sns_list_opted_out(struct call *c)
{
    struct value *list = put_list(c, "phoneNumbers", PAGE_MAX);
    struct things things = {.kind = "opted-out"};
    struct str last = STR_NONE;
    struct str name;
    struct str text;

    TRY(page_after(c, "nextToken", &things.after));
    while (next_own(c, &things, &name, &text)) {
        if (list->count == PAGE_MAX) {
            put_page_token(c, "nextToken", last);
            txn_scan_close(things.scan);
            break;
        }
        list_add_str(list, name);
        last = name;
    }
    return OK;
}

/* OptInPhoneNumber */
status sns_opt_in(struct call *c)
{
    thing_erase(c, "opted-out", of_account(c, arg_str(c, "phoneNumber")));
    return OK;
}

/* GetSMSAttributes */
status sns_get_sms_attributes(struct call *c)
{
    const struct value *wanted = arg(c, "attributes");
    struct value *map = set_map(c->arena, c->out, "attributes", PAGE_MAX);
    struct things things = {.kind = "sms"};
    struct str name;
    struct str text;

    while (next_own(c, &things, &name, &text)) {
        bool want = wanted == NULL || wanted->count == 0;

        for (uint32_t i = 0; !want && i < wanted->count; i++) {
            want = str_eq(wanted->items[i].str, name);
        }
        if (want && map->count < PAGE_MAX) {
            map_add_str(map, name, text);
        }
    }
    return OK;
}

/* SetSMSAttributes */
status sns_set_sms_attributes(struct call *c)
{
    static const char *const names[] = {
        "MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate",
        "DefaultSenderID",   "DefaultSMSType",        "UsageReportS3Bucket",
    };
    const struct value *map = arg(c, "attributes");

    for (uint32_t i = 0; i < map->count; i++) {
        bool known = false;

        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            known |= str_eq(map->pairs[i].key, str_c(names[k]));
        }
        if (!known) {
            return fail(c, &SNS_BAD_PARAMETER, "Invalid parameter: %.*s is not a valid attribute",
                        STR_ARG(str_slice(map->pairs[i].key, 0, 128)));
        }
    }
    for (uint32_t i = 0; i < map->count; i++) {
        thing_set(c, "sms", of_account(c, map->pairs[i].key), map->pairs[i].value.str);
    }
    return OK;
}

/* ---- the sandbox ---- */

/* GetSMSSandboxAccountStatus */
status sns_sandbox_status(struct call *c)
{
    put_bool(c, "IsInSandbox", true);
    return OK;
}

/* CreateSMSSandboxPhoneNumber: the code goes to the outbox. */
status sns_create_sandbox_number(struct call *c)
{
    struct str number = arg_str(c, "PhoneNumber");
    struct str code = arena_printf(c->arena, "%06u", (unsigned)rand_below(c->rand, 1000000));
    struct outbox_message message = {
        STR("sms"), STR("sns"), number, STR_NONE,
        arena_printf(c->arena, "Your verification code is %.*s", STR_ARG(code))};

    thing_set(c, "sandbox", of_account(c, number), code);
    outbox_add(c, &message);
    return OK;
}

static status sandbox_find(struct call *c, struct str *ret_text)
{
    *ret_text = thing_get(c, "sandbox", of_account(c, arg_str(c, "PhoneNumber")));
    return ret_text->at != NULL ? OK : fail(c, &SNS_NO_RESOURCE, "Destination phone number doesn't "
                                            "exist");
}

/* DeleteSMSSandboxPhoneNumber */
status sns_delete_sandbox_number(struct call *c)
{
    struct str text;

    TRY(sandbox_find(c, &text));
    thing_erase(c, "sandbox", of_account(c, arg_str(c, "PhoneNumber")));
    return OK;
}

/* VerifySMSSandboxPhoneNumber */
status sns_verify_sandbox_number(struct call *c)
{
    static const struct error verification = {"VerificationException", "VerificationException", 400,
                                              false};
    struct str text;

    TRY(sandbox_find(c, &text));
    if (!str_eq(text, STR("verified")) && !str_eq(text, arg_str(c, "OneTimePassword"))) {
        return fail(c, &verification, "The one-time password is wrong");
    }
    thing_set(c, "sandbox", of_account(c, arg_str(c, "PhoneNumber")), STR("verified"));
    return OK;
}

/* ListSMSSandboxPhoneNumbers */
status sns_list_sandbox_numbers(struct call *c)
{
    size_t most = (size_t)arg_int(c, "MaxResults", PAGE_MAX);
    struct value *list = put_list(c, "PhoneNumbers", PAGE_MAX);
    struct things things = {.kind = "sandbox"};
    struct str last = STR_NONE;
    struct str name;
    struct str text;

    TRY(page_after(c, "NextToken", &things.after));
    while (next_own(c, &things, &name, &text)) {
        struct value *item;

        if (list->count == most) {
            put_page_token(c, "NextToken", last);
            txn_scan_close(things.scan);
            break;
        }
        item = list_add(c->arena, list);
        set_str(item, "PhoneNumber", name);
        set_str(item, "Status", str_eq(text, STR("verified")) ? STR("Verified") : STR("Pending"));
        last = name;
    }
    return OK;
}

/* ListOriginationNumbers: there are none. */
status sns_list_origination_numbers(struct call *c)
{
    (void)put_list(c, "PhoneNumbers", 0);
    return OK;
}
