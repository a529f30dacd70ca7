/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions: publishing and listing.
 */
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/ops.h"

#define VERSIONS_PAGE 50

status unqualified_check(struct call *c, const struct target *target)
{
    return target->qualifier.bytes == 0
               ? OK
               : lambda_fail(c, &LAMBDA_BAD_VALUE,
                             "This operation is permitted on Lambda functions only. Aliases and "
                             "versions do not support this operation. Please specify either a "
                             "function name or an unqualified function ARN.");
}

/* PublishVersion */
status lambda_publish_version(struct call *c)
{
    struct str sha256_text = arg_str(c, "CodeSha256");
    struct version version;
    struct version latest;
    struct target target;

    TRY(absent_check(c));
    TRY(target_of_call(c, &target));
    target.qualifier = STR("$LATEST");
    TRY(version_find(c, &target, &latest));
    TRY(revision_check(c, get_str(latest.config, "RevisionId"), "GetFunction/GetAlias"));
    if (sha256_text.bytes > 0 &&
        !str_eq(sha256_text, get_str(latest.config, "CodeSha256"))) {
        struct str is = get_str(latest.config, "CodeSha256");

        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "CodeSHA256 (%.*s) is different from current CodeSHA256 in $LATEST "
                           "(%.*s). Please try again with the CodeSHA256 in $LATEST.",
                           STR_ARG(sha256_text), STR_ARG(is));
    }
    version_publish(c, &latest, arg_str(c, "Description"), &version);
    answer_config(c, &version);
    return OK;
}

/* ListVersionsByFunction */
status lambda_list_versions(struct call *c)
{
    size_t max = page_size(c, VERSIONS_PAGE);
    struct value *list = put_list(c, "Versions", max);
    struct version_scan *scan;
    struct version version;
    struct target target;
    uint64_t from = 0;

    TRY(target_of_call(c, &target));
    (void)str_to_u64(arg_str(c, "Marker"), &from);
    scan = version_scan(c, &target, from);
    while (version_scan_next(scan, &version)) {
        if (list->count == max) {
            put_str(c, "NextMarker",
                    arena_printf(c->arena, "%llu", (unsigned long long)version.number));
            break;
        }
        set_str(version.config, "FunctionArn", target_arn(c->arena, &version.target));
        list_config(list, &version, c->arena);
    }
    version_scan_close(scan);
    return OK;
}
