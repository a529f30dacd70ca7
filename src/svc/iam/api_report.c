/* SPDX-License-Identifier: Apache-2.0
 *
 * The credential report: a line of CSV for the root and for each user. Made at once; asked for
 * again it is the same for four hours. It lies in memory only: after a restart one asks for a new
 * one.
 */
#include "base/time.h"
#include "svc/iam/iam_ops.h"

#define REPORT_MS (4 * MS_PER_HOUR)
#define REPORT_BYTES_MAX (16u << 20)

static const char header[] =
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

/* 2026-11-23T08:00:00+00:00 */
static void add_time(struct buf *report, int64_t moment_ms, const char *otherwise)
{
    if (moment_ms == 0) {
        buf_add(report, str_c(otherwise));
        return;
    }
    buf_add_iso(report, moment_ms - moment_ms % 1000);
    report->bytes -= report->spent ? 0 : 1; /* Z */
    buf_add(report, STR("+00:00"));
}

static void add_key(struct buf *report, const struct access_key *key)
{
    bool used = key != NULL && key->used_ms > 0;

    buf_add(report, key != NULL && key->active ? STR(",true,") : STR(",false,"));
    add_time(report, key == NULL ? 0 : key->created_ms, "N/A");
    buf_add_c(report, ',');
    add_time(report, key == NULL ? 0 : key->used_ms, "N/A");
    buf_printf(report, ",%.*s,%.*s", STR_ARG(used ? key->used_region : STR("N/A")),
               STR_ARG(used ? key->used_service : STR("N/A")));
}

static bool has_mfa(const struct user *user)
{
    const struct shelf *shelf = &user->principal.thing.account->shelves[MFA];

    for (size_t i = 0; i < shelf->count; i++) {
        if (((const struct mfa *)shelf->things[i])->user == user) {
            return true;
        }
    }
    return false;
}

static void add_user(struct call *c, struct buf *report, const struct user *user)
{
    const struct thing *thing = &user->principal.thing;
    const struct password_policy *policy = &thing->account->passwords;
    bool has_password = user->password.bytes > 0;

    buf_printf(report, "\n%.*s,%.*s,", STR_ARG(thing->name),
               STR_ARG(thing_arn(c->arena, thing)));
    add_time(report, thing->created_ms, "N/A");
    buf_add(report, has_password ? STR(",true,no_information,") : STR(",false,N/A,"));
    add_time(report, has_password ? user->password_set_ms : 0, "N/A");
    buf_add_c(report, ',');
    add_time(report,
             has_password && policy->age_days_max > 0
                 ? user->password_set_ms + policy->age_days_max * MS_PER_DAY
                 : 0,
             "N/A");
    buf_add(report, has_mfa(user) ? STR(",true") : STR(",false"));
    add_key(report, user->key_count > 0 ? &user->keys[0] : NULL);
    add_key(report, user->key_count > 1 ? &user->keys[1] : NULL);
    buf_add(report, STR(",false,N/A,false,N/A"));
}

static bool report_is_fresh(const struct call *c, const struct account *account)
{
    return account->report.bytes > 0 && c->now - account->reported_ms < REPORT_MS;
}

/* GenerateCredentialReport */
status iam_generate_report(struct call *c)
{
    struct account *account;
    struct buf report;

    TRY(account_of_call(c, &account));
    put_str(c, "State", STR("COMPLETE"));
    if (report_is_fresh(c, account)) {
        return OK;
    }
    put_str(c, "Description", STR("No report exists. Starting a new report generation task"));
    put_str(c, "State", STR("STARTED"));
    buf_init(&report, REPORT_BYTES_MAX);
    buf_add(&report, str_c(header));
    buf_printf(&report,
               "\n<root_account>,arn:aws:iam::%.*s:root,N/A,not_supported,not_supported,"
               "not_supported,not_supported,false,true,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,"
               "false,N/A,false,N/A",
               STR_ARG(c->account));
    for (size_t i = 0; i < account->shelves[USER].count; i++) {
        add_user(c, &report, (const struct user *)account->shelves[USER].things[i]);
    }
    text_set(&account->report, buf_spent(&report) ? STR_NONE : buf_str(&report));
    account->reported_ms = iam_now(c);
    buf_done(&report);
    return OK;
}

/* GetCredentialReport */
status iam_get_report(struct call *c)
{
    struct account *account;

    TRY(account_of_call(c, &account));
    if (account->report.bytes == 0) {
        return fail(c, &IAM_NO_REPORT, "No credential report is present.");
    }
    if (!report_is_fresh(c, account)) {
        return fail(c, &IAM_REPORT_EXPIRED, "The most recent credential report has expired.");
    }
    set_blob(c->out, "Content", account->report);
    put_str(c, "ReportFormat", STR("text/csv"));
    put_time(c, "GeneratedTime", account->reported_ms);
    return OK;
}
