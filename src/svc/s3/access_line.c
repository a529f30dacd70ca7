/* SPDX-License-Identifier: Apache-2.0
 *
 * A line of a server access log: 26 fields in S3's order, '-' where there is nothing to say.
 *
 *   owner bucket [time] address requester request-id operation key "request" status error
 *   bytes-sent object-size total-ms turn-around-ms "referer" "user-agent" version host-id
 *   signature cipher authentication host tls access-point acl-required
 *
 * Not known when the line is written, and so '-': the size of an answer that is not an object, the
 * cipher and version of TLS, the access point, whether an ACL was needed.
 */
#include "base/codec.h"
#include "svc/s3/access_log_int.h"
#include "wire/wire.h"

#define LINE_BYTES_MAX (64u * 1024)
#define QUOTED_BYTES_MAX 8192

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* What the operations that are not their method and "OBJECT" or "BUCKET" are about. */
static const struct {
    struct str operation; /* as the model says */
    const char *noun;     /* as logs say, behind REST and the method */
} nouns[] = {
    {STR_INIT("CopyObject"), NULL},
    {STR_INIT("UploadPartCopy"), NULL},
    {STR_INIT("DeleteObjects"), "MULTI_OBJECT_DELETE"},
    {STR_INIT("CreateMultipartUpload"), "UPLOADS"},
    {STR_INIT("ListMultipartUploads"), "UPLOADS"},
    {STR_INIT("CompleteMultipartUpload"), "UPLOAD"},
    {STR_INIT("AbortMultipartUpload"), "UPLOAD"},
    {STR_INIT("ListParts"), "UPLOAD"},
    {STR_INIT("UploadPart"), "PART"},
    {STR_INIT("RestoreObject"), "RESTORE"},
    {STR_INIT("ListObjectVersions"), "BUCKETVERSIONS"},
    {STR_INIT("GetBucketLocation"), "LOCATION"},
    {STR_INIT("GetObjectAttributes"), "OBJECT_ATTRIBUTES"},
    {STR_INIT("GetBucketPolicyStatus"), "POLICY_STATUS"},
};

/* The same by what is left of the name behind its verb. */
static const struct {
    struct str thing; /* "BucketLogging" */
    const char *noun; /* "LOGGING_STATUS" */
} things[] = {
    {STR_INIT("BucketAcl"), "ACL"},
    {STR_INIT("ObjectAcl"), "ACL"},
    {STR_INIT("BucketPolicy"), "BUCKETPOLICY"},
    {STR_INIT("BucketLogging"), "LOGGING_STATUS"},
    {STR_INIT("BucketNotificationConfiguration"), "NOTIFICATION"},
    {STR_INIT("BucketVersioning"), "VERSIONING"},
    {STR_INIT("BucketLifecycleConfiguration"), "LIFECYCLE"},
    {STR_INIT("BucketLifecycle"), "LIFECYCLE"},
    {STR_INIT("BucketTagging"), "TAGGING"},
    {STR_INIT("ObjectTagging"), "OBJECT_TAGGING"},
    {STR_INIT("BucketCors"), "CORS"},
    {STR_INIT("BucketWebsite"), "WEBSITE"},
    {STR_INIT("BucketReplication"), "REPLICATION"},
    {STR_INIT("BucketEncryption"), "ENCRYPTION"},
    {STR_INIT("BucketAccelerateConfiguration"), "ACCELERATE"},
    {STR_INIT("BucketRequestPayment"), "REQUEST_PAYMENT"},
    {STR_INIT("BucketInventoryConfiguration"), "INVENTORY"},
    {STR_INIT("BucketInventoryConfigurations"), "INVENTORY"},
    {STR_INIT("BucketAnalyticsConfiguration"), "ANALYTICS"},
    {STR_INIT("BucketAnalyticsConfigurations"), "ANALYTICS"},
    {STR_INIT("BucketMetricsConfiguration"), "METRICS"},
    {STR_INIT("BucketMetricsConfigurations"), "METRICS"},
    {STR_INIT("BucketIntelligentTieringConfiguration"), "INTELLIGENT_TIERING"},
    {STR_INIT("BucketIntelligentTieringConfigurations"), "INTELLIGENT_TIERING"},
    {STR_INIT("BucketOwnershipControls"), "OWNERSHIP_CONTROLS"},
    {STR_INIT("PublicAccessBlock"), "PUBLIC_ACCESS_BLOCK"},
    {STR_INIT("ObjectLockConfiguration"), "OBJECT_LOCK_CONFIGURATION"},
    {STR_INIT("ObjectRetention"), "OBJECT_LOCK_RETENTION"},
    {STR_INIT("ObjectLegalHold"), "OBJECT_LOCK_LEGALHOLD"},
};

static struct str behind_verb(struct str name)
{
    static const char *const verbs[] = {"Put", "Get", "Delete", "List", "Head"};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        struct str verb = str_c(verbs[i]);

        if (str_starts(name, verb)) {
            return str_slice(name, verb.bytes, name.bytes);
        }
    }
    return name;
}

static void add_operation(struct call *c, struct buf *line)
{
    struct str name = model_text(c->operation->name);
    struct str thing = behind_verb(name);
    const char *noun = arg_str_if(c, "Key").bytes > 0 ? "OBJECT" : "BUCKET";

    for (size_t i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++) {
        if (str_eq(name, nouns[i].operation)) {
            noun = nouns[i].noun;
        }
    }
    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
        if (str_eq(thing, things[i].thing)) {
            noun = things[i].noun;
        }
    }
    if (noun == NULL) {
        buf_add(line, str_eq(name, STR("CopyObject")) ? STR("REST.COPY.OBJECT")
                                                      : STR("REST.COPY.PART"));
    } else {
        buf_printf(line, "REST.%.*s.%s", STR_ARG(c->request->method), noun);
    }
}

/* ---- fields ---- */

static void add_or_dash(struct buf *line, struct str text)
{
    buf_add_c(line, ' ');
    buf_add(line, text.bytes > 0 ? text : STR("-"));
}

static void add_number(struct buf *line, uint64_t number)
{
    if (number == 0) {
        buf_add(line, STR(" -"));
    } else {
        buf_printf(line, " %llu", (unsigned long long)number);
    }
}

/* In quotes; what would end them or the line is escaped. */
static void add_quoted(struct buf *line, struct str text)
{
    text = str_slice(text, 0, QUOTED_BYTES_MAX);
    buf_add(line, STR(" \""));
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char at = (unsigned char)text.at[i];

        if (at < ' ' || at == '"' || at == 0x7f) {
            buf_printf(line, "%%%02X", at);
        } else {
            buf_add_c(line, (char)at);
        }
    }
    if (text.bytes == 0) {
        buf_add_c(line, '-');
    }
    buf_add_c(line, '"');
}

static void add_requester(struct call *c, struct buf *line)
{
    char id[OWNER_ID_BYTES];

    if (c->access_key.bytes == 0) {
        buf_add(line, STR(" -"));
    } else if (str_ends(c->principal, STR(":root"))) {
        owner_id_of(c->account, id);
        add_or_dash(line, str_of(id, sizeof(id)));
    } else {
        add_or_dash(line, c->principal);
    }
}

static int http_of(struct call *c, status result)
{
    struct str range = c->out == NULL ? STR_NONE : member_str(c->out, "ContentRange");

    if (result != OK) {
        return result->http;
    }
    if (call_answered(c) != 0) {
        return call_answered(c);
    }
    return range.bytes > 0 ? 206 : c->operation->http;
}

/* The object's, where the request is about its content. */
static uint64_t object_size(struct call *c)
{
    struct str range = c->out == NULL ? STR_NONE : member_str(c->out, "ContentRange");
    uint64_t size = 0;

    if (c->body != NULL) {
        return c->body->size;
    }
    if (range.bytes > 0) { /* "bytes 0-9/100" */
        size_t slash = str_find(range, '/', 0);

        (void)str_to_u64(str_slice(range, slash + 1, range.bytes), &size);
        return size;
    }
    if (c->out != NULL && has_member(c->out, "ContentLength") && has(c->out, "ContentLength")) {
        return (uint64_t)get_int(c->out, "ContentLength", 0);
    }
    return 0;
}

static void add_time(struct buf *line, int64_t moment_ms)
{
    struct time_parts at = time_parts_of(moment_ms);

    buf_printf(line, " [%02d/%s/%04d:%02d:%02d:%02d +0000]", at.day, months[at.month - 1], at.year,
               at.hour, at.minute, at.second);
}

int64_t access_line_day(struct str lines)
{
    size_t from = str_find(lines, '[', 0) + 1; /* neither owner nor bucket has one */
    struct str text = str_slice(lines, from, from + 11); /* 06/Feb/2019 */
    struct time_parts at = {.month = 1, .day = 1};
    struct str day = str_split(&text, '/');
    struct str month = str_split(&text, '/');
    uint64_t number;

    for (int i = 0; i < 12; i++) {
        at.month = str_eq(month, str_c(months[i])) ? i + 1 : at.month;
    }
    at.day = str_to_u64(day, &number) ? (int)number : 1;
    at.year = str_to_u64(text, &number) ? (int)number : 1970;
    return time_of_parts(&at);
}

static void add_signature(struct call *c, struct buf *line)
{
    bool header = http_header(c->request, STR("authorization")).bytes > 0;
    bool query = str_find_str(c->request->query, STR("X-Amz-Signature=")) <
                 c->request->query.bytes;
    const char *how = header ? "AuthHeader" : query ? "QueryString" : "-";

    buf_printf(line, " %s - %s", header || query ? "SigV4" : "-", how);
}

static void add_request(struct call *c, struct buf *line)
{
    const struct http_request *request = c->request;
    struct str text =
        arena_printf(c->arena, "%.*s %.*s HTTP/%s", STR_ARG(request->method),
                     STR_ARG(request->target), request->version == 20 ? "2.0" : "1.1");

    add_quoted(line, text);
}

struct str access_line(struct call *c, const struct bucket *bucket, status result)
{
    struct str key = arg_str_if(c, "Key");
    struct buf line;
    struct str made;

    buf_init(&line, LINE_BYTES_MAX);
    buf_printf(&line, "%.*s %.*s", OWNER_ID_BYTES, bucket->owner_id, STR_ARG(bucket->name));
    add_time(&line, c->now);
    add_or_dash(&line, c->request->peer);
    add_requester(c, &line);
    add_or_dash(&line, c->request_id);
    buf_add_c(&line, ' ');
    add_operation(c, &line);
    buf_add_c(&line, ' ');
    buf_add_percent(&line, key, true);
    buf_add(&line, key.bytes > 0 ? STR_NONE : STR("-"));
    add_request(c, &line);
    buf_printf(&line, " %d %s", http_of(c, result), result == OK ? "-" : result->code);
    add_number(&line, call_sends(c));
    add_number(&line, object_size(c));
    buf_add(&line, STR(" - -"));
    add_quoted(&line, http_header(c->request, STR("referer")));
    add_quoted(&line, http_header(c->request, STR("user-agent")));
    add_or_dash(&line, arg_str_if(c, "VersionId"));
    add_or_dash(&line, wire_host_id(c->request_id, c->arena));
    add_signature(c, &line);
    add_or_dash(&line, c->request->authority);
    buf_add(&line, STR(" - - -\n"));
    made = buf_spent(&line) ? STR_NONE : arena_dup(c->arena, buf_str(&line));
    buf_done(&line);
    return made;
}
