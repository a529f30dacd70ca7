/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole answers in XML: their root elements, and errors.
 *
 * Rules
 *  1. A payload is called what its member is called on the wire; an output whose members are the
 *     body is called what its shape is called, but S3's have names that the model does not know.
 *  2. The root's name space is the service's; where the model gives none, the one that its inputs
 *     have.
 *  3. S3's location is an answer without an element inside.
 *  4. S3's error is <Error>, which has the resource and both request ids; everybody else's stands
 *     in <ErrorResponse>.
 */
#include "wire/xml.h"
#include "wire/body.h"

#include "base/codec.h"
#include "base/digest.h"

#include <assert.h>

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* Rule 1: the roots of S3's answers, from its API reference. */
static const struct {
    struct str operation; /* its name */
    struct str root;      /* of its answer */
} s3_roots[] = {
    {STR_INIT("CompleteMultipartUpload"), STR_INIT("CompleteMultipartUploadResult")},
    {STR_INIT("CreateMultipartUpload"), STR_INIT("InitiateMultipartUploadResult")},
    {STR_INIT("CreateSession"), STR_INIT("CreateSessionResult")},
    {STR_INIT("DeleteObjects"), STR_INIT("DeleteResult")},
    {STR_INIT("GetBucketAccelerateConfiguration"), STR_INIT("AccelerateConfiguration")},
    {STR_INIT("GetBucketAcl"), STR_INIT("AccessControlPolicy")},
    {STR_INIT("GetBucketCors"), STR_INIT("CORSConfiguration")},
    {STR_INIT("GetBucketLifecycleConfiguration"), STR_INIT("LifecycleConfiguration")},
    {STR_INIT("GetBucketLocation"), STR_INIT("LocationConstraint")},
    {STR_INIT("GetBucketLogging"), STR_INIT("BucketLoggingStatus")},
    {STR_INIT("GetBucketNotificationConfiguration"), STR_INIT("NotificationConfiguration")},
    {STR_INIT("GetBucketRequestPayment"), STR_INIT("RequestPaymentConfiguration")},
    {STR_INIT("GetBucketTagging"), STR_INIT("Tagging")},
    {STR_INIT("GetBucketVersioning"), STR_INIT("VersioningConfiguration")},
    {STR_INIT("GetBucketWebsite"), STR_INIT("WebsiteConfiguration")},
    {STR_INIT("GetObjectAcl"), STR_INIT("AccessControlPolicy")},
    {STR_INIT("GetObjectAttributes"), STR_INIT("GetObjectAttributesResponse")},
    {STR_INIT("GetObjectTagging"), STR_INIT("Tagging")},
    {STR_INIT("ListBucketAnalyticsConfigurations"),
     STR_INIT("ListBucketAnalyticsConfigurationResult")},
    {STR_INIT("ListBucketIntelligentTieringConfigurations"),
     STR_INIT("ListBucketIntelligentTieringConfigurationsOutput")},
    {STR_INIT("ListBucketInventoryConfigurations"), STR_INIT("ListInventoryConfigurationsResult")},
    {STR_INIT("ListBucketMetricsConfigurations"), STR_INIT("ListMetricsConfigurationsResult")},
    {STR_INIT("ListBuckets"), STR_INIT("ListAllMyBucketsResult")},
    {STR_INIT("ListDirectoryBuckets"), STR_INIT("ListAllMyDirectoryBucketsResult")},
    {STR_INIT("ListMultipartUploads"), STR_INIT("ListMultipartUploadsResult")},
    {STR_INIT("ListObjectVersions"), STR_INIT("ListVersionsResult")},
    {STR_INIT("ListObjects"), STR_INIT("ListBucketResult")},
    {STR_INIT("ListObjectsV2"), STR_INIT("ListBucketResult")},
    {STR_INIT("ListParts"), STR_INIT("ListPartsResult")},
};

static bool is_service(const struct route *route, struct str id)
{
    return route->service != NULL && str_eq(model_text(route->service->id), id);
}

struct xml_style xml_style_of(const struct route *route)
{
    return (struct xml_style){
        .whole_ms = route->protocol == PROTOCOL_EC2 || is_service(route, STR("s3")),
        .sqs = is_service(route, STR("sqs")),
    };
}

static struct str root_of(const struct route *route, const struct member *payload)
{
    if (payload != NULL) {
        return model_text(payload->wire_name);
    }
    if (is_service(route, STR("s3"))) {
        for (size_t i = 0; i < sizeof(s3_roots) / sizeof(s3_roots[0]); i++) {
            if (str_eq(model_text(route->operation->name), s3_roots[i].operation)) {
                return s3_roots[i].root;
            }
        }
    }
    return model_text(model_shape(route->operation->output)->name);
}

/* Rule 2. */
static struct str xmlns_of(const struct service_model *service)
{
    if (service->xml_namespace != 0) {
        return model_text(service->xml_namespace);
    }
    for (uint32_t i = 0; i < service->operation_count; i++) {
        const struct operation *operation = &model_operations[service->operation_first + i];
        const struct shape *input = model_shape(operation->input);
        if (operation->input_xmlns != 0) {
            return model_text(operation->input_xmlns);
        }
        for (uint32_t j = 0; j < input->count; j++) {
            const struct member *member = &model_members[input->first + j];
            if ((member->flags & MEMBER_PAYLOAD) && member->xml_namespace != 0 &&
                member->xml_prefix == 0) {
                return model_text(member->xml_namespace);
            }
        }
    }
    return STR("");
}

/* ---- answers ---- */

struct answer_text {
    const struct route *route;  /* whose answer */
    const struct value *value;  /* the tree */
    struct str root;            /* the root's name */
};

static void write_answer(struct buf *out, const void *what)
{
    const struct answer_text *answer = what;
    const struct xml_style style = xml_style_of(answer->route);

    buf_add(out, STR(DECLARATION));
    xml_open_root(out, answer->root, xmlns_of(answer->route->service), answer->value);
    if (str_eq(answer->root, STR("LocationConstraint")) && answer->value->kind == VALUE_STRUCT) {
        struct str location = get_str(answer->value, "LocationConstraint"); /* rule 3 */
        xml_write_text(out, location);
    } else if (answer->value->kind == VALUE_STRUCT) {
        xml_write_members(out, answer->value, style);
    }
    xml_close(out, answer->root);
}

status xml_encode(const struct route *route, const struct value *value,
                  const struct member *payload, struct arena *arena, struct str *ret_body)
{
    struct answer_text answer = {route, value, root_of(route, payload)};

    assert(route->service != NULL);
    return body_make(arena, 2 * body_guess(value), write_answer, &answer, ret_body);
}

/* ---- errors ---- */

void xml_write_fault(struct buf *out, const struct route *route, const struct fault *fault,
                     bool with_type)
{
    const struct fault_words words = fault_words(route, fault);
    const struct value *detail = fault->detail;

    if (with_type) {
        xml_leaf(out, STR("Type"), fault->code->http < 500 ? STR("Sender") : STR("Receiver"));
    }
    xml_leaf(out, STR("Code"), words.query_code);
    xml_leaf(out, STR("Message"), fault->message);
    if (detail != NULL) {
        struct value rest = *detail;
        struct value fields[64];

        /* The message is said already. */
        if (words.message_member >= 0 && detail->count <= 64 &&
            words.message_member < (int)detail->count) {
            memcpy(fields, detail->items, detail->count * sizeof(fields[0]));
            fields[words.message_member].kind = VALUE_NONE;
            rest.items = fields;
        }
        xml_write_members(out, &rest, xml_style_of(route));
    }
}

struct error_text {
    const struct route *route; /* whose error */
    const struct fault *fault; /* the error */
    struct str request_id;     /* for both forms */
};

/* S3's second id, as the header has it. */
static void write_host_id(struct buf *out, struct str request_id)
{
    uint8_t hash[SHA256_BYTES];

    sha256(request_id, hash);
    buf_add(out, STR("<HostId>"));
    buf_add_base64(out, str_of(hash, sizeof(hash)));
    buf_add(out, STR("</HostId>"));
}

static void write_error(struct buf *out, const void *what)
{
    const struct error_text *error = what;

    buf_add(out, STR(DECLARATION));
    if (is_service(error->route, STR("s3"))) {
        xml_open(out, STR("Error"), STR_NONE);
        xml_write_fault(out, error->route, error->fault, false);
        for (size_t i = 0; i < error->fault->more_count; i++) {
            xml_leaf(out, error->fault->more[i].name, error->fault->more[i].value);
        }
        if (error->fault->resource.bytes > 0) {
            xml_leaf(out, STR("Resource"), error->fault->resource);
        }
        xml_leaf(out, STR("RequestId"), error->request_id);
        write_host_id(out, error->request_id);
        xml_close(out, STR("Error"));
        return;
    }
    xml_open(out, STR("ErrorResponse"),
             error->route->service == NULL ? STR_NONE : xmlns_of(error->route->service));
    xml_open(out, STR("Error"), STR_NONE);
    xml_write_fault(out, error->route, error->fault, true);
    xml_close(out, STR("Error"));
    xml_leaf(out, STR("RequestId"), error->request_id);
    xml_close(out, STR("ErrorResponse"));
}

status xml_encode_error(const struct route *route, const struct fault *fault,
                        struct str request_id, struct arena *arena, struct str *ret_body)
{
    struct error_text error = {route, fault, request_id};

    return body_make(arena, 2 * body_guess(fault->detail) + fault->message.bytes + 512, write_error,
                     &error, ret_body);
}
