/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditional requests, as RFC 9110 (13.2.2) orders them and S3 does it: If-Match wins over
 * If-Unmodified-Since, If-None-Match over If-Modified-Since. Moments are compared in whole seconds,
 * as HTTP's dates say them.
 */
#include "base/time.h"
#include "svc/s3/s3_core.h"

static struct str unquoted(struct str etag)
{
    if (str_starts(etag, STR("W/"))) {
        etag = str_slice(etag, 2, etag.bytes);
    }
    if (etag.bytes >= 2 && etag.at[0] == '"' && etag.at[etag.bytes - 1] == '"') {
        return str_slice(etag, 1, etag.bytes - 1);
    }
    return etag;
}

/* "*", or one of a list of entity tags, quoted or not. */
bool etag_matches(struct call *c, struct str list, const struct object *object)
{
    struct str own = object_etag(c->arena, object);

    own = unquoted(own);
    while (list.at != NULL) {
        struct str one = str_trim(str_split(&list, ','));

        if (str_eq(one, STR("*")) || str_eq(unquoted(one), own)) {
            return true;
        }
    }
    return false;
}

/* The first whole second that is not before the moment would be too late: cut. */
static int64_t second_of(int64_t moment_ms)
{
    return moment_ms / MS_PER_SECOND;
}

static status fail_condition(struct call *c, const char *condition)
{
    return fail_with(c, &S3_PRECONDITION, "Condition", str_c(condition));
}

/* The header's whole name: a copy's source has its own. */
static const char *condition_name(struct call *c, const struct conditions *conditions,
                                  const char *name)
{
    return conditions->of_source
               ? arena_printf(c->arena, "x-amz-copy-source-%s", name).at
               : name;
}

status conditions_check(struct call *c, const struct conditions *conditions,
                        const struct object *object)
{
    int64_t modified = second_of(object->modified_ms);

    if (conditions->if_match.at != NULL) {
        if (!etag_matches(c, conditions->if_match, object)) {
            return fail_condition(c, condition_name(c, conditions, "If-Match"));
        }
    } else if (conditions->if_unmodified_ms != INT64_MIN &&
               modified > second_of(conditions->if_unmodified_ms)) {
        return fail_condition(c, condition_name(c, conditions, "If-Unmodified-Since"));
    }
    if (conditions->if_none_match.at != NULL) {
        return etag_matches(c, conditions->if_none_match, object) ? fail_s3(c, &S3_NOT_MODIFIED)
                                                                  : OK;
    }
    if (conditions->if_modified_ms != INT64_MIN && conditions->if_modified_ms <= c->now &&
        modified <= second_of(conditions->if_modified_ms)) {
        return fail_s3(c, &S3_NOT_MODIFIED);
    }
    return OK;
}

static status fail_header(struct call *c, const char *header, const char *why)
{
    status failed = fail_with(c, &S3_NOT_IMPLEMENTED, "Header", str_c(header));

    fail_more(c, "additionalMessage", str_c(why));
    return failed;
}

status write_conditions_check(struct call *c, struct str key, const struct object *there)
{
    struct str if_match = arg_str_if(c, "IfMatch");
    struct str if_none_match = arg_str_if(c, "IfNoneMatch");

    if (there != NULL && there->delete_marker) {
        there = NULL;
    }
    if (if_none_match.at != NULL && if_match.at != NULL) {
        return fail_header(c, "If-Match,If-None-Match",
                           "Multiple conditional request headers present in the request");
    }
    if (if_none_match.at != NULL && !str_eq(if_none_match, STR("*"))) {
        return fail_header(c, "If-None-Match", "We don't accept the provided value of "
                                               "If-None-Match header for this API");
    }
    if (if_none_match.at != NULL && there != NULL) {
        return fail_condition(c, "If-None-Match");
    }
    if (if_match.at != NULL) {
        if (str_eq(if_match, STR("*"))) {
            return fail_header(c, "If-Match", "We don't accept the provided value of If-Match "
                                              "header for this API");
        }
        if (there == NULL) {
            return fail_with(c, &S3_NO_KEY, "Key", key);
        }
        if (!etag_matches(c, if_match, there)) {
            return fail_condition(c, "If-Match");
        }
    }
    return OK;
}
