/* SPDX-License-Identifier: Apache-2.0
 *
 * POST Object: a browser's form makes an object of the file in it. Source: "POST Object", AWS
 * documentation. cell/posted.c has read the form, and knows by its policy's signature who made it.
 *
 * The answer is a redirect to success_action_redirect with bucket, key and etag in the query, or
 * 200, 201 (with a document) or 204, as success_action_status says.
 */
#include "base/codec.h"
#include "svc/s3/s3_core.h"
#include "svc/s3/s3_ops.h"
#include "wire/xml.h"

#include <assert.h>

#define ADDRESS_BYTES_MAX (16u * 1024)

/* The key, with the file's name where the form says so. */
static status take_key(struct call *c)
{
    struct str key = form_field(c, "key");

    if (key.bytes == 0) {
        return fail_argument(c, "key", STR(""),
                             "Bucket POST must contain a field named 'key'.  If it is specified, "
                             "please check the order of the fields.");
    }
    set_str(c->form->in, "Key", key);
    return OK;
}

/* <Tagging><TagSet>… as x-amz-tagging would have it. */
static status take_tags(struct call *c)
{
    struct str text = form_field(c, "tagging");
    const struct value *tags;
    struct value tagging;
    struct buf header;

    if (text.bytes == 0) {
        return OK;
    }
    if (xml_read(text, s3_shape("PutObjectTagging", "Tagging"), c->arena, &c->why, &tagging) !=
        OK) {
        return fail_s3(c, &S3_MALFORMED_XML);
    }
    tags = get(&tagging, "TagSet");
    buf_init(&header, ADDRESS_BYTES_MAX);
    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        buf_add(&header, i > 0 ? STR("&") : STR(""));
        buf_add_percent(&header, get_str(&tags->items[i], "Key"), false);
        buf_add_c(&header, '=');
        buf_add_percent(&header, get_str(&tags->items[i], "Value"), false);
    }
    set_str(c->form->in, "Tagging", arena_dup(c->arena, buf_str(&header)));
    buf_done(&header);
    return OK;
}

/* Where the object is now. */
static struct str address_of(struct call *c)
{
    struct buf address;
    struct str made;

    buf_init(&address, ADDRESS_BYTES_MAX);
    buf_add(&address, c->request->tls ? STR("https://") : STR("http://"));
    buf_add(&address, c->request->authority);
    if (wire_bucket_of_host(c->request->authority).bytes == 0) {
        buf_add_c(&address, '/');
        buf_add(&address, arg_str(c, "Bucket"));
    }
    buf_add_c(&address, '/');
    buf_add_percent(&address, arg_str(c, "Key"), true);
    made = arena_dup(c->arena, buf_str(&address));
    buf_done(&address);
    return made;
}

/* Only what is an address of the web is gone to. */
static bool redirect_of(struct call *c, struct str *ret_location)
{
    struct str to = form_field(c, "success_action_redirect");
    struct buf location;

    to = str_trim(to.bytes > 0 ? to : form_field(c, "redirect"));
    for (size_t i = 0; i < to.bytes; i++) {
        if ((unsigned char)to.at[i] <= 0x20 || (unsigned char)to.at[i] == 0x7f) {
            return false;
        }
    }
    if (!str_starts(to, STR("http://")) && !str_starts(to, STR("https://"))) {
        return false;
    }
    buf_init(&location, 2 * ADDRESS_BYTES_MAX);
    buf_add(&location, to);
    buf_add_c(&location, str_find(to, '?', 0) < to.bytes ? '&' : '?');
    buf_add(&location, STR("bucket="));
    buf_add_percent(&location, arg_str(c, "Bucket"), false);
    buf_add(&location, STR("&key="));
    buf_add_percent(&location, arg_str(c, "Key"), false);
    buf_add(&location, STR("&etag="));
    buf_add_percent(&location, get_str(c->out, "ETag"), false);
    *ret_location = arena_dup(c->arena, buf_str(&location));
    buf_done(&location);
    return true;
}

static void answer_document(struct call *c, struct str address)
{
    struct buf body;

    buf_init(&body, 2 * ADDRESS_BYTES_MAX);
    buf_add(&body, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    xml_open(&body, STR("PostResponse"), STR_NONE);
    xml_leaf(&body, STR("Location"), address);
    xml_leaf(&body, STR("Bucket"), arg_str(c, "Bucket"));
    xml_leaf(&body, STR("Key"), arg_str(c, "Key"));
    xml_leaf(&body, STR("ETag"), get_str(c->out, "ETag"));
    xml_close(&body, STR("PostResponse"));
    call_answer(c, 201, "application/xml", arena_dup(c->arena, buf_str(&body)));
    buf_done(&body);
}

/* What PutObject says in its header fields. */
static void put_fields(struct call *c)
{
    static const struct {
        const char *member;
        const char *header;
    } fields[] = {
        {"ETag", "etag"},
        {"VersionId", "x-amz-version-id"},
        {"Expiration", "x-amz-expiration"},
        {"ServerSideEncryption", "x-amz-server-side-encryption"},
        {"SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id"},
        {"SSECustomerAlgorithm", "x-amz-server-side-encryption-customer-algorithm"},
        {"SSECustomerKeyMD5", "x-amz-server-side-encryption-customer-key-md5"},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct str value = get_str(c->out, fields[i].member);

        if (value.bytes > 0) {
            put_header(c, fields[i].header, value);
        }
    }
}

static void answer_form(struct call *c)
{
    struct str status_asked = form_field(c, "success_action_status");
    struct str address = address_of(c);
    struct str location;

    put_fields(c);
    if (redirect_of(c, &location)) {
        put_header(c, "location", location);
        call_answer(c, 303, NULL, STR_NONE);
        return;
    }
    put_header(c, "location", address);
    if (str_eq(status_asked, STR("201"))) {
        answer_document(c, address);
    } else {
        call_answer(c, str_eq(status_asked, STR("200")) ? 200 : 204, NULL, STR_NONE);
    }
}

/* POST Object */
status s3_post_object(struct call *c)
{
    struct str policy = form_field(c, "policy");

    assert(c->form != NULL);
    assert(c->body != NULL);
    TRY(take_key(c));
    TRY(take_tags(c));
    if (policy.bytes > 0) {
        TRY(form_policy_check(c, policy));
    }
    TRY(object_put(c, "ObjectCreated:Post"));
    answer_form(c);
    return OK;
}
