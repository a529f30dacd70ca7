/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS is spoken to by https, for which OpenSSL is linked in (make TLS=1).
 */
#include "client.h"

static struct weir_aws *aws;

bool client_open(void)
{
#ifdef LAB_TLS
    const struct weir_aws_options options = {.tls = &weir_tls};
#else
    const struct weir_aws_options options = {0};
#endif

    aws = weir_aws_new(&options);
    return aws != NULL;
}

bool client_call(struct weir_invocation *in, const char *service, const char *operation,
                 const struct weir_buf *json, struct weir_aws_answer *ret_answer)
{
    if (json->failed) {
        weir_lambda_log(in, WEIR_ERROR, "%s: the request is too large", operation);
        return false;
    }
    if (!weir_aws_call(aws, service, operation, json->at, ret_answer)) {
        weir_lambda_log(in, WEIR_ERROR, "%s: %.*s: %.*s", operation,
                        WEIR_ARG(ret_answer->error_code), WEIR_ARG(ret_answer->error_message));
        return false;
    }
    return true;
}
