/* SPDX-License-Identifier: Apache-2.0
 *
 * From an HTTP request to an operation and its input, and from an output to an HTTP answer, in
 * whichever of AWS's protocols the caller speaks. Every protocol is one interpreter of the model's
 * tables; nobody writes a parser or serializer for one operation.
 *
 *   route   which service, operation and protocol           wire/route.c
 *   sigv4   who signed it, is it right                       wire/sigv4.h
 *   decode  the input as a value tree                        wire/json.c cbor.c query.c rest.c
 * xml.c
 *   check   required members, lengths, ranges, patterns      wire/check.c
 *   encode  the output, an error, an event                   the same files, and events.c
 */
#ifndef WEIR_WIRE_WIRE_H
#define WEIR_WIRE_WIRE_H

#include "base/error.h"
#include "net/http.h"
#include "wire/value.h"

/* Limits of decoding, whatever the protocol. */
#define WIRE_DEPTH_MAX 80           /* lists, maps, structures in one another; DynamoDB has 70 */
#define WIRE_VALUES_MAX 2000000     /* values in one tree */
#define WIRE_NUMBER_BYTES_MAX 64    /* digits of one number */

/* Errors of this layer, in AWS's words. */
extern const struct error WIRE_SERIALIZATION;     /* SerializationException, 400 */
extern const struct error WIRE_UNKNOWN_OPERATION; /* UnknownOperationException, 404 */
extern const struct error WIRE_INVALID_ACTION;    /* InvalidAction, 400: Query's word for it */
extern const struct error WIRE_VALIDATION;        /* ValidationException, 400 */
extern const struct error WIRE_PARAMETER;         /* the same in CloudWatch Logs, 400 */
extern const struct error WIRE_BAD_REQUEST;       /* and in API Gateway, 400 */
extern const struct error WIRE_MISSING;           /* SQS's word for one kind of it, 400 */
extern const struct error WIRE_MALFORMED_XML;     /* MalformedXML, 400: S3's word for both */
extern const struct error WIRE_INVALID_ARGUMENT;  /* InvalidArgument: S3's, of the query */
extern const struct error WIRE_TOO_LARGE;         /* RequestEntityTooLarge, 413 */
extern const struct error WIRE_NOT_IMPLEMENTED;   /* NotImplemented, 501 */
extern const struct error WIRE_INTERNAL;          /* InternalFailure, 500 */
extern const struct error WIRE_UNAVAILABLE;       /* ServiceUnavailable, 503 */

/* What a request is. */
struct route {
    const struct service_model *service; /* NULL: not an AWS request at all */
    const struct operation *operation;   /* NULL: none of that name or path */
    uint8_t protocol;                    /* enum protocol the caller speaks */
    uint8_t json_minor;                  /* AWS JSON 1.0 or 1.1, as asked */
    struct str asked;                    /* the operation's name as sent, for messages */
    struct str path;                     /* REST: path to match, behind a bucket host's prefix */
    struct str bucket;                   /* S3 virtual-host style: the bucket, else STR_NONE */
    struct str origin;                   /* the Origin field; CORS headers for it */
};

/* bucket.s3.region.amazonaws.com, bucket.s3.localhost, bucket.localhost: the bucket; STR_NONE: a
 * host without. */
struct str wire_bucket_of_host(struct str authority);

/* Finds the route by credential scope, X-Amz-Target, Action, path and host, in this order. scope is
 * the service of the credential scope (STR_NONE if unsigned). A status is given together with as
 * much of *ret_route as is known, so that the error can be answered in the caller's protocol. */
status wire_route(const struct http_request *request, struct str scope, struct arena *arena,
                  struct why *why, struct route *ret_route);

/* The input tree (an empty structure for operations without input). The body is read in place:
 * request->body may be changed. Missing idempotency tokens are left unset. */
status wire_decode(const struct route *route, const struct http_request *request,
                   struct arena *arena, struct why *why, struct value **ret_input);

/* All constraints of the model, AWS's sentence: "1 validation error detected: Value …". S3 has its
 * own word for a body that breaks the model; what travels beside the body its handlers judge. */
status wire_check(const struct operation *operation, const struct value *input,
                  struct arena *arena, struct why *why);

/* An answer, ready for exchange_answer(). */
#define WIRE_HEADERS_MAX 96
struct answer {
    int http;                                  /* status */
    struct http_header headers[WIRE_HEADERS_MAX];
    size_t header_count;
    struct str body;                           /* in the arena */
};

/* Adds content-type, x-amzn-requestid (x-amz-request-id for S3), whatever the model puts in
 * headers, and CORS headers where the route has an origin. */
status wire_encode(const struct route *route, const struct value *output, struct str request_id,
                   struct arena *arena, struct answer *ret_answer);

/* One more element of an S3 error that no model knows: BucketName, Key, ArgumentName, … */
struct fault_more {
    struct str name;  /* of the element */
    struct str value; /* its text */
};

/* An error. detail: the exception's members beside its message, or NULL. resource: S3's
 * Resource. */
struct fault {
    status code;                 /* never OK */
    struct str message;
    const struct value *detail;
    struct str resource;
    const struct fault_more *more; /* S3's; NULL: none */
    size_t more_count;             /* of them */
};
void wire_encode_error(const struct route *route, const struct fault *fault, struct str request_id,
                       struct arena *arena, struct answer *ret_answer);
/* S3's second id of a request (x-amz-id-2): long, opaque, the same for the same request. */
struct str wire_host_id(struct str request_id, struct arena *arena);

/* Event streams (application/vnd.amazon.eventstream). The answer's head, then messages. event names
 * a member of the output's event stream member; its value is a structure of that member's shape. */
void wire_encode_event_head(const struct route *route, struct str request_id, struct arena *arena,
                            struct answer *ret_answer);
/* The initial-response message, first of every stream of the RPC protocols. */
status wire_encode_event_first(const struct route *route, const struct value *output,
                               struct arena *arena, struct str *ret_message);
status wire_encode_event(const struct route *route, const char *event, const struct value *value,
                         struct arena *arena, struct str *ret_message);
status wire_encode_event_error(const struct route *route, const struct fault *fault,
                               struct arena *arena, struct str *ret_message);

#endif
