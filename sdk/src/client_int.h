/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a client.
 */
#ifndef WEIR_CLIENT_INT_H
#define WEIR_CLIENT_INT_H

#include "settings.h"
#include "wire.h"

#define WEIR_LINKS_MAX 8
#define WEIR_MESSAGE_BYTES_MAX 512

/* A connection that is kept. */
struct weir_kept {
    char host[WEIR_HOST_BYTES_MAX + 1]; /* to whom */
    uint16_t port;                      /* and where */
    bool is_tls;                        /* how */
    struct weir_link link;              /* fd -1: this place is free */
    int64_t used_ms;                    /* when last, monotonic */
};

struct weir_aws {
    struct weir_settings settings;          /* what it goes by */
    struct weir_identity identity;          /* who it is */
    struct weir_request request;            /* of the call under way */
    struct weir_buf head;                   /* of it, as it is sent */
    struct weir_buf in;                     /* the answer */
    struct weir_buf out;                    /* its document */
    struct weir_buf scratch;                /* for moments; and an error's texts */
    struct weir_kept links[WEIR_LINKS_MAX]; /* connections */
    char message[WEIR_MESSAGE_BYTES_MAX];   /* of an error of this library */
    int retry_tokens;                       /* what retries may still be paid from */
    int64_t skew_ms;                        /* how far the service's clock is ahead */
};

/* Sends the request to a place and reads the answer, on a connection that is kept if there is one.
 */
enum net_result weir_exchange(struct weir_aws *aws, const struct weir_place *place,
                              struct weir_http_answer *ret_answer);
void weir_links_close(struct weir_aws *aws);

/* Puts before AWS's own host what an operation, an account or a bucket adds to it. */
void weir_host_refine(const struct weir_call *call, struct weir_place *place);

/* Signs and sends the request until it is answered for good; true: with success. Fills the answer
 * but for json and body. */
bool weir_send(struct weir_aws *aws, const struct weir_place *place, bool may_fail_inside,
               struct weir_aws_answer *answer, struct weir_reply *ret_reply);

/* An error of this library; weir_fail_as: whose message is there already. */
bool weir_fail_as(struct weir_aws *aws, struct weir_aws_answer *answer, const char *code);
bool weir_fail(struct weir_aws *aws, struct weir_aws_answer *answer, const char *code,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
