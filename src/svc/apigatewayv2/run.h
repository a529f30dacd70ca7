/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that a request to an HTTP API meets.
 *
 *     run.c          where to: host, stage, path; then step by step to an answer
 *     run_route.c    which route (pure)
 *     run_text.c     texts with variables, compiled once (pure)
 *     run_context.c  what $context.… and $request.… are
 *     run_map.c      parameter mapping
 *     run_event.c    events of functions, payload format 1.0, and their answers
 *     run_cors.c     CORS (pure)
 *     run_auth.c     may it? IAM, and who else is asked:
 *     run_jwt.c      tokens; run_token.c: whose signature was good
 *     run_ask.c      functions that authorize; run_grant.c: what they said, kept for a while
 *     run_lambda.c, run_http.c, run_aws.c   integrations
 *     run_limit.c    throttling (pure)
 *     run_log.c      access logs
 *
 * A request is a *meeting*: it lives in its call's keep and holds the stage's live form, so that
 * what it began with stays the same until it is answered. What outlives a step lies in the keep.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_RUN_H
#define WEIR_SVC_APIGATEWAYV2_RUN_H

#include "bus/http_event.h"
#include "bus/invoke.h"
#include "svc/apigatewayv2/apigatewayv2_int.h"
#include "svc/apigatewayv2/run_pure.h"

#define RUN_BODY_BYTES_MAX (10u * 1024 * 1024)
#define RUN_MAPPED_BYTES_MAX (16u * 1024 * 1024) /* one text after its variables were put in */
#define RUN_BODY_PATH_BYTES_MAX (100u * 1024) /* JSON paths look at no more of a body */
#define RUN_HEADERS_BYTES_MAX 10240    /* of a request, names and values */
#define RUN_TIMEOUT_MS 30000           /* of integrations that say nothing else */

/* ---- the plan: a stage, compiled ---- */

enum map_act { MAP_APPEND, MAP_OVERWRITE, MAP_REMOVE };
enum map_place { MAP_HEADER, MAP_QUERY, MAP_PATH, MAP_STATUS };

struct mapping {
    enum map_act act;            /* what */
    enum map_place place;        /* where */
    struct str name;             /* of a header (lower case) or query parameter */
    struct text text;            /* the value */
};

struct mappings {
    int http;                    /* of answers: the status they are for */
    const struct mapping *items; /* in order */
    size_t count;                /* of them */
};

struct parameter {
    struct str name;             /* of an AWS integration: "StreamName" */
    struct text text;            /* its value */
    struct str source;           /* as it is written */
};

struct run_route {
    struct route_key key;        /* of it */
    struct str key_text;         /* as it is written */
    const struct live_route *live; /* its records */
    struct bucket bucket;        /* throttling of this route; not limited: the stage's */
    struct mappings request;     /* of its integration */
    const struct mappings *answers; /* of its integration, by status */
    size_t answer_count;         /* of them */
    const struct parameter *parameters; /* of an AWS integration */
    size_t parameter_count;      /* of them */
    const struct text *identity; /* sources of its authorizer, NULL without */
    size_t identity_count;       /* of them */
};

struct plan {
    struct run_route *routes;        /* of the deployment */
    size_t route_count;          /* of them */
    const struct value *cors;    /* NULL: not configured */
    struct bucket bucket;        /* of the stage */
    struct http_pair *variables; /* of the stage */
    size_t variable_count;       /* of them */
    struct str log_target;       /* ARN; empty: no access log */
    struct text log_format;      /* of a line */
};
struct plan *plan_of(struct live *live); /* made when first asked for */

/* ---- one request ---- */

struct granted;
struct grants;
struct tokens;

struct meeting {
    struct live *live;           /* held; NULL: it has come to no stage */
    struct plan *plan;           /* of live */
    struct run_route *route;         /* of plan; NULL: none fits */
    struct http_request http;    /* as it came */
    struct http_request sent;    /* as the integration gets it: after mapping */
    struct route_path path;      /* behind stage or mapping key */
    struct str overwritten;      /* overwrite:path; STR_NONE: as it came */
    struct str raw_path;         /* decoded, with the stage's name */
    struct str key_path;         /* the same with the mapping's key instead */
    struct str host, prefix;     /* as it was called */
    struct str base_path;        /* a custom domain's mapping key */
    struct str id;               /* apigw-requestid */
    struct str trace;            /* that it goes on with */
    struct http_pair *parameters; /* of the path */
    size_t parameter_count;      /* of them */
    const struct value *body;    /* as a document; NULL: not looked at yet */
    const struct value *answer_body; /* the same of the answer */
    int64_t began_ms;            /* when it came */

    struct str authorizer;       /* as events of format 2.0 have it: {"jwt":{…}} */
    struct str authorizer_1;     /* the same of format 1.0 */
    const struct value *claims;  /* a token's; NULL: none */
    const struct granted *granted; /* what a function said; NULL: none */
    struct str authorizer_error; /* why not; STR_NONE: it was not refused so */
    bool iam;                    /* who signed is known */
    bool fetched;                /* the issuer was asked for its keys */

    struct invoked invoked;      /* what a function answered */
    int64_t asked_ms;            /* when the integration was asked */
    struct http_job *job;        /* run_http.c's own; NULL: none */
    const struct parameter *unresolved; /* run_aws.c: the request does not have it; or NULL */

    struct http_answer answer;   /* what goes out */
    int integration_status;      /* 0: it was not asked */
    int64_t integration_ms;      /* how long that took */
    struct str integration_error; /* STR_NONE: it went well */
    struct str integration_id;   /* request id of whom it asked */
    struct str error;            /* message of an answer of the gateway's own; STR_NONE */
    bool done;                   /* the answer is made, it is only to be given */
};

/* What requests leave in memory: gateway->run. */
struct run_memory {
    struct grants *grants;       /* what functions said that authorize */
    struct tokens *tokens;       /* whose signature was good */
};
static inline struct run_memory *run_of(const struct call *c)
{
    return gateway_of(c)->run;
}
void run_open(struct gateway *gateway);
void run_close(struct gateway *gateway);
status page_execute(struct call *c); /* run.c: by host, by path, by domain name */
extern const struct page run_domain_page; /* for cell_host_claim() */

/* run.c: the end. error: the gateway's own words, {"message": …}. */
status meeting_answer(struct call *c, struct meeting *meeting);
status meeting_fail(struct call *c, struct meeting *meeting, int http, const char *message);
static inline struct meeting *meeting_of(const struct call *c)
{
    return c->kept;
}

/* run_context.c: what a variable is; STR_NONE: nothing. */
struct str meeting_context(struct call *c, struct meeting *meeting, struct str name);
struct str meeting_text(struct call *c, struct meeting *meeting, const struct text *text);
/* One piece: STR_NONE when there is no such thing. */
struct str meeting_piece(struct call *c, struct meeting *meeting,
                         const struct text_piece *piece);

/* run_map.c */
struct mappings mappings_read(const struct value *map, struct arena *arena);
void map_request(struct call *c, struct meeting *meeting);
void map_answer(struct call *c, struct meeting *meeting);

/* run_event.c */
struct str event_one(struct call *c, struct meeting *meeting, const char *type);
struct http_event event_two_of(const struct meeting *meeting);
bool answer_one(struct str json, struct arena *arena, struct http_answer *ret_answer);

/* run_auth.c: goes on with meeting_integrate() when it may. */
status meeting_authorize(struct call *c);
status jwt_authorize(struct call *c);
status ask_authorize(struct call *c);
status meeting_unauthorized(struct call *c, struct meeting *meeting, const char *why);
/* The values of its identity sources, route->identity_count of them; false: one is missing. */
bool auth_identity(struct call *c, struct meeting *meeting, struct str **ret_values);
struct str auth_arn(struct call *c, const struct meeting *meeting); /* arn:aws:execute-api:… */

/* run_lambda.c, run_http.c, run_aws.c */
status meeting_integrate(struct call *c);
/* The function of a URI, be it its ARN or a path to invocations; with stage variables. */
struct str target_function(struct call *c, struct meeting *meeting, struct str uri);
int64_t target_timeout_ms(const struct meeting *meeting);
/* The integration answered. */
void meeting_asked(struct call *c, struct meeting *meeting, int http);
status lambda_integrate(struct call *c);
status http_integrate(struct call *c);
struct http_job;
void http_job_free(struct http_job *job); /* NULL is fine */
status aws_integrate(struct call *c);

/* run_log.c */
void meeting_log(struct call *c, struct meeting *meeting);

#endif
