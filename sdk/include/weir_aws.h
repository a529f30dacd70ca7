/* SPDX-License-Identifier: Apache-2.0
 *
 * A client of AWS: every operation of the services in sdk/services, with JSON in and out.
 *
 *     struct weir_aws *aws = weir_aws_new(NULL);
 *     struct weir_aws_answer answer;
 *
 *     if (weir_aws_call(aws, "sqs", "SendMessage",
 *                       "{\"QueueUrl\":\"…\",\"MessageBody\":\"hello\"}", &answer)) {
 *         struct weir_text id = weir_json_get(answer.json, "MessageId");
 *
 * Services and operations are named as by the AWS CLI and the API ("stepfunctions",
 * "StartExecution"); members as in the API reference, which is also what the CLI's --cli-input-json
 * takes. Blobs are base64. Moments are given as ISO 8601 texts or as seconds since 1970, and come
 * as ISO 8601 texts. Whatever the service speaks (JSON, Query, EC2, REST with JSON or XML), this
 * stays the same.
 *
 * A body that is one blob or text (S3's Body, Lambda's Payload) is not in the JSON: it comes and
 * goes as bytes, by weir_aws_call_body and answer.body.
 *
 * The environment is AWS's:
 *   endpoint      AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, endpoint_url of the profile, or
 * AWS's own region        AWS_REGION, AWS_DEFAULT_REGION, region of the profile credentials
 * AWS_ACCESS_KEY_ID …; ~/.aws/credentials and ~/.aws/config (AWS_PROFILE); the container's
 * (AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI, with its token); the instance's role
 * (IMDSv2). Fetched again before they expire. retries       AWS_MAX_ATTEMPTS (3): of throttling,
 * 5xx and broken connections, later each time
 *
 * A client is for one thread. Its connections are kept and used again.
 */
#ifndef WEIR_AWS_H
#define WEIR_AWS_H

#include "weir_json.h"

struct weir_aws;
struct weir_tls;

/* Zero means: as the environment says, or the default. Texts are copied. */
struct weir_aws_options {
    const char *region;            /* "eu-central-1" */
    const char *endpoint;          /* "http://127.0.0.1:4566": for every service */
    const char *profile;           /* of the credentials and config files */
    const char *access_key_id;     /* with the next: no other credentials are looked for */
    const char *secret_access_key; /* its secret */
    const char *session_token;     /* of temporary ones */
    const struct weir_tls *tls;    /* &weir_tls: may speak https */
    size_t answer_bytes_max;       /* of one answer's body: 256 MiB */
    int max_attempts;              /* of one call: 3 */
    int connect_timeout_ms;        /* 5 s */
    int read_timeout_ms;           /* how long nothing may come: 60 s */
    bool unsigned_calls;           /* sends no signature, for what needs none */
};

/* What came back: good until the client's next call, whose input must not lie in it. */
struct weir_aws_answer {
    struct weir_text json;       /* the output: an object; of an error, its document or nothing */
    struct weir_text body;       /* a body that is one blob or text; of an error, the body */
    struct weir_text error_code; /* "ThrottlingException", or one of those below; else nothing */
    struct weir_text error_message; /* for people */
    struct weir_text request_id;    /* as AWS names the request */
    int http_status;                /* 0: nothing came */
    int attempts;                   /* how many requests were sent */
};

/* Codes of this library, when http_status is 0: BadInput, UnknownService, UnknownOperation,
 * NoRegion, NoCredentials, NoTls, BadEndpoint, ConnectionFailed, Timeout, BadAnswer, NoMemory,
 * NotSupported (event streams). */

/* NULL options: all from the environment. NULL: no memory. */
struct weir_aws *weir_aws_new(const struct weir_aws_options *options);
void weir_aws_free(struct weir_aws *aws);

/* True: the service answered with success. NULL for json is {}. */
bool weir_aws_call(struct weir_aws *aws, const char *service, const char *operation,
                   const char *json, struct weir_aws_answer *ret_answer);

/* The same with bytes, and with a body. */
struct weir_aws_input {
    struct weir_text json; /* members */
    struct weir_text body; /* the payload, of an operation that has one */
};
bool weir_aws_call_body(struct weir_aws *aws, const char *service, const char *operation,
                        struct weir_aws_input input, struct weir_aws_answer *ret_answer);

/* ---- addresses for others ---- */

#define WEIR_PRESIGN_SECONDS_MAX 604800

/* A call that somebody without keys may make, with a body of his own, until its time is over: S3's
 * presigned URLs. Nothing is sent; answer.json is
 *
 *     {"Url": "https://…?X-Amz-Signature=…", "Method": "PUT", "Headers": {"content-type": "…"}}
 *
 * Members that are headers (ContentType, Metadata, IfNoneMatch, …) are signed: they have to be sent
 * as Headers says. The address is good no longer than the credentials that signed it. */
struct weir_aws_presign {
    struct weir_text json; /* members */
    int seconds;           /* how long it is good */
};
bool weir_aws_presign(struct weir_aws *aws, const char *service, const char *operation,
                      struct weir_aws_presign what, struct weir_aws_answer *ret_answer);

/* SHA-256 in hexadecimal with a NUL: how one keeps and compares a secret. */
void weir_aws_sha256(struct weir_text bytes, char to[65]);

/* ---- any other request ---- */

/* A signed request of a service or an operation that is not in sdk/services: the answer has its
 * body. */
struct weir_aws_request {
    const char *service;   /* that signs, and of the host's name: "execute-api" */
    const char *method;    /* "GET" */
    const char *path;      /* "/items/17?verbose=1": already escaped */
    const char *headers;   /* "name: value" lines, each with its \n; or NULL */
    struct weir_text body; /* or nothing */
};
bool weir_aws_send(struct weir_aws *aws, const struct weir_aws_request *request,
                   struct weir_aws_answer *ret_answer);

/* ---- TLS ---- */

/* The library itself has no TLS, so that a static handler is small. Name weir_tls in the options,
 * link with libweir_tls.a and OpenSSL, and https works. It is also the seam for another TLS
 * library. */
struct weir_tls {
    /* Shakes hands over a connected socket and checks the certificate; NULL: no, why says it. */
    void *(*open)(int fd, const char *host, char *why, size_t why_bytes);
    long (*read)(void *session, char *to, size_t bytes);          /* 0: end; below: broken */
    long (*write)(void *session, const char *from, size_t bytes); /* below 1: broken */
    void (*close)(void *session);                                 /* leaves the socket open */
};
extern const struct weir_tls weir_tls;

#endif
