/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that XML is read as the model has it, that document types, broken and too deep documents
 * are refused, that no allocation's failure goes unnoticed, and that what is written is AWS's XML.
 */
#include "tree.h"

#include "base/mem.h"
#include "wire/xml.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;
static struct why why;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(TREE_ARENA_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* From a block that ends with the text, so that the sanitizer sees a read behind it. */
static const char *read_as(uint32_t shape, struct str text)
{
    char *copy = malloc(text.bytes + (text.bytes == 0));
    struct value value;
    const char *result;

    memcpy(copy, text.at, text.bytes);
    status s = xml_read(str_of(copy, text.bytes), shape, arena, &why, &value);
    result = s == OK ? dump_of(arena, &value) : s->code;
    free(copy);
    return result;
}

static uint32_t payload_of(const char *operation, const char *member)
{
    return member_shape_of(operation_of("s3", operation)->input, member);
}

static const char *read_delete(const char *text)
{
    return read_as(payload_of("DeleteObjects", "Delete"), str_c(text));
}

#define MALFORMED "MalformedXML"

/* ---- reading ---- */

static void reads_members_and_flattened_lists(void **state)
{
    (void)state;
    assert_string_equal(
        read_delete("<?xml version=\"1.0\"?>\n<Delete xmlns=\"http://s3.amazonaws.com/doc/"
                    "2006-03-01/\">\n <Object><Key>a &amp; b</Key></Object>\n <Quiet>true</Quiet>"
                    "<Object><Key> c\n</Key><VersionId>v</VersionId></Object></Delete>"),
        "{\"Objects\":[{\"Key\":\"a & b\"},{\"Key\":\" c\\n\",\"VersionId\":\"v\"}],"
        "\"Quiet\":true}");
    assert_string_equal(read_delete("<Delete/>"), "{}");
    assert_string_equal(read_delete("<Delete><Object/></Delete>"), "{\"Objects\":[{}]}");
    assert_string_equal(
        read_as(operation_of("s3", "CompleteMultipartUpload")->input, STR("<X/>")), "{}");
}

static void reads_plain_lists_and_moments_and_numbers(void **state)
{
    (void)state;
    assert_string_equal(
        read_as(payload_of("PutBucketLifecycleConfiguration", "LifecycleConfiguration"),
                STR("<LifecycleConfiguration><Rule><Expiration><Date>2026-11-23T00:00:00Z</Date>"
                    "<Days> 30 </Days></Expiration><ID>r</ID></Rule></LifecycleConfiguration>")),
        "{\"Rules\":[{\"Expiration\":{\"Date\":1795392000,\"Days\":30},\"ID\":\"r\"}]}");
    assert_string_equal(
        read_as(payload_of("PutBucketTagging", "Tagging"),
                STR("<Tagging><TagSet><Tag><Key>k</Key><Value></Value></Tag>"
                    "<Tag><Value>2</Value><Key>l</Key></Tag></TagSet></Tagging>")),
        "{\"TagSet\":[{\"Key\":\"k\",\"Value\":\"\"},{\"Key\":\"l\",\"Value\":\"2\"}]}");
}

static void reads_attributes_by_their_prefix(void **state)
{
    static const char *const grantees[] = {
        "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
        "xsi:type=\"CanonicalUser\"><ID>i</ID></Grantee>",
        "<a:Grantee xmlns:a=\"urn:a\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" "
        "type=\"no\" i:type=\"CanonicalUser\" i:typo=\"no\"><a:ID>i</a:ID></a:Grantee>",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(
            read_as(payload_of("PutBucketAcl", "AccessControlPolicy"),
                    arena_printf(arena,
                                 "<P><AccessControlList><Grant>%s</Grant></AccessControlList></P>",
                                 grantees[i])),
            "{\"Grants\":[{\"Grantee\":{\"ID\":\"i\",\"Type\":\"CanonicalUser\"}}]}");
    }
}

static void reads_maps(void **state)
{
    uint32_t map = member_shape_of(operation_of("sns", "CreateTopic")->input, "Attributes");

    (void)state;
    assert_string_equal(read_as(map, STR("<M><entry><key>a</key><value>1</value></entry>"
                                         "<entry><value>2</value><x/><key>b</key></entry>"
                                         "<entry><key>a</key><value>3</value></entry></M>")),
                        "{\"a\":\"3\",\"b\":\"2\"}");
    assert_string_equal(read_as(map, STR("<M><entry><value>1</value></entry></M>")), MALFORMED);
}

static void passes_over_what_it_does_not_know(void **state)
{
    (void)state;
    assert_string_equal(read_delete("<Delete><!-- c --><?p i?><Colour a=\"1\"><Key>x</Key></Colour>"
                                    "<Object><Key>k<b>old</b>ey</Key></Object></Delete>"),
                        "{\"Objects\":[{\"Key\":\"key\"}]}");
    assert_string_equal(read_delete("<Delete><Quiet>true</Quiet><Quiet>false</Quiet></Delete>"),
                        "{\"Quiet\":false}");
    assert_string_equal(read_delete("<Delete><Object><Key><![CDATA[<&>]]>&#x41;</Key></Object>"
                                    "</Delete>"),
                        "{\"Objects\":[{\"Key\":\"<&>A\"}]}");
}

static void refuses_document_types_and_their_entities(void **state)
{
    static const char *const bad[] = {
        "<!DOCTYPE Delete><Delete/>",
        "<!DOCTYPE d [<!ENTITY a \"b\">]><Delete><Object><Key>&a;</Key></Object></Delete>",
        "<!DOCTYPE d SYSTEM \"file:///etc/passwd\"><Delete/>",
        "<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><Delete>&b;</Delete>",
        "<Delete>&nbsp;</Delete>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_string_equal(read_delete(bad[i]), MALFORMED);
        assert_string_equal(why.text, "The XML you provided was not well-formed or did not "
                                      "validate against our published schema");
    }
}

static void refuses_what_is_broken(void **state)
{
    static const char *const bad[] = {
        "",  " ", "x", "<Delete>", "<Delete></delete>", "<Delete/><Delete/>", "<Delete a=1/>",
        "<Delete><Object></Delete></Object>", "<Delete>\x01</Delete>", "<Delete>\xff</Delete>",
        "<Delete/>x", "<Delete><Quiet>maybe</Quiet></Delete>", "<Delete><Quiet/></Delete>",
        "<Delete><Object><Size>1x</Size></Object></Delete>",
        "<?xml version=\"1.0\" encoding=\"x-none\"?><Delete/>",
        "<Delete><Object><Key>&#0;</Key></Object></Delete>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (strcmp(read_delete(bad[i]), MALFORMED) != 0) {
            fail_msg("%s: %s", bad[i], read_delete(bad[i]));
        }
    }
}

static void refuses_what_is_too_deep_or_too_large(void **state)
{
    struct arena *small = arena_new(64 * 1024);
    struct value value;
    struct buf text;

    (void)state;
    buf_init(&text, 16u << 20);
    for (int i = 0; i < 1000; i++) {
        buf_add(&text, STR("<a>"));
    }
    for (int i = 0; i < 1000; i++) {
        buf_add(&text, STR("</a>"));
    }
    assert_string_equal(read_as(payload_of("DeleteObjects", "Delete"), buf_str(&text)), MALFORMED);
    buf_clear(&text);
    buf_add(&text, STR("<Delete>"));
    for (int i = 0; i < 5000; i++) {
        buf_add(&text, STR("<Object><Key>k</Key></Object>"));
    }
    buf_add(&text, STR("</Delete>"));
    assert_ptr_equal(xml_read(buf_str(&text), payload_of("DeleteObjects", "Delete"), small, &why,
                              &value),
                     &ERR_LIMIT);
    assert_ptr_equal(xml_read(buf_str(&text), payload_of("DeleteObjects", "Delete"), arena, &why,
                              &value),
                     OK);
    assert_int_equal(value.items[0].count, 5000);
    buf_done(&text);
    arena_free(small);
}

/* ---- writing ---- */

static const char *written(const struct value *value, const char *name, const char *xmlns)
{
    struct buf out;

    buf_init(&out, 1u << 20);
    xml_write(&out, value, str_c(name), str_c(xmlns));
    assert_false(buf_spent(&out));
    const char *text = arena_dup(arena, buf_str(&out)).at;
    buf_done(&out);
    return text;
}

static void writes_attributes_and_prefixes(void **state)
{
    struct value *policy = value_struct(arena, payload_of("PutBucketAcl", "AccessControlPolicy"));
    struct value *grant = list_add(arena, set_list(arena, policy, "Grants", 1));
    struct value *grantee = set_struct(arena, grant, "Grantee");

    (void)state;
    set_str(grantee, "Type", STR("a\"<\n"));
    set_str(grantee, "ID", STR("i"));
    set_str(grant, "Permission", STR("READ"));
    assert_string_equal(
        written(policy, "P", "urn:x"),
        "<P xmlns=\"urn:x\"><AccessControlList><Grant><Grantee "
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"a&quot;&lt;&#xa;\">"
        "<ID>i</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList></P>");
}

static void escapes_what_readers_would_change(void **state)
{
    struct value text = {.kind = VALUE_STR};

    (void)state;
    text.str = STR("a<b>&\"'\r\n\t\x01\xc3\xa9");
    assert_string_equal(written(&text, "T", ""),
                        "<T>a&lt;b&gt;&amp;&quot;'&#xd;\n\t&#x1;\xc3\xa9</T>");
    text.str = STR_NONE;
    assert_string_equal(written(&text, "T", ""), "<T></T>");
}

static void writes_scalars_of_every_kind(void **state)
{
    static const struct {
        struct value value;
        const char *text;
    } cases[] = {
        {{.kind = VALUE_BOOL, .truth = true}, "<T>true</T>"},
        {{.kind = VALUE_BOOL, .truth = false}, "<T>false</T>"},
        {{.kind = VALUE_INT, .number = -5}, "<T>-5</T>"},
        {{.kind = VALUE_DOUBLE, .real = 1.5}, "<T>1.5</T>"},
        {{.kind = VALUE_DOUBLE, .real = __builtin_inf()}, "<T>Infinity</T>"},
        {{.kind = VALUE_DOUBLE, .real = __builtin_nan("")}, "<T>NaN</T>"},
        {{.kind = VALUE_TIME, .moment_ms = 1500}, "<T>1970-01-01T00:00:01.500Z</T>"},
        {{.kind = VALUE_TIME, .moment_ms = 1000}, "<T>1970-01-01T00:00:01Z</T>"},
        {{.kind = VALUE_BLOB, .str = STR_INIT("hi")}, "<T>aGk=</T>"},
        {{.kind = VALUE_NULL}, "<T></T>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(written(&cases[i].value, "T", ""), cases[i].text);
    }
}

static void what_was_written_reads_back(void **state)
{
    const char *text = "<L><Rule><Expiration><Date>2026-11-23T00:00:00Z</Date></Expiration>"
                       "<ID>a\r&amp;</ID><Filter><And><Tag><Key>k</Key><Value>v</Value></Tag>"
                       "<Tag><Key>l</Key><Value>w</Value></Tag></And></Filter></Rule></L>";
    uint32_t shape = payload_of("PutBucketLifecycleConfiguration", "LifecycleConfiguration");
    struct value value;
    struct value again;

    (void)state;
    assert_ptr_equal(xml_read(str_c(text), shape, arena, &why, &value), OK);
    const char *first = written(&value, "L", "");
    assert_ptr_equal(xml_read(str_c(first), shape, arena, &why, &again), OK);
    assert_string_equal(dump_of(arena, &value), dump_of(arena, &again));
    assert_string_equal(first, written(&again, "L", ""));
}

/* ---- answers ---- */

static struct route s3(const char *operation)
{
    return (struct route){.service = model_service(STR("s3")),
                          .operation = operation_of("s3", operation),
                          .protocol = PROTOCOL_REST_XML};
}

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define S3_XMLNS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

static void roots_are_s3s(void **state)
{
    struct route route = s3("ListBuckets");
    struct value *output = value_struct(arena, route.operation->output);
    struct value *bucket = list_add(arena, set_list(arena, output, "Buckets", 1));
    struct str body;

    (void)state;
    set_str(bucket, "Name", STR("b"));
    set_time(bucket, "CreationDate", 0);
    assert_ptr_equal(xml_encode(&route, output, NULL, arena, &body), OK);
    assert_string_equal(arena_dup(arena, body).at,
                        DECLARATION "<ListAllMyBucketsResult" S3_XMLNS "><Buckets><Bucket><Name>b"
                        "</Name><CreationDate>1970-01-01T00:00:00.000Z</CreationDate></Bucket>"
                        "</Buckets></ListAllMyBucketsResult>");
    route = s3("GetBucketLocation");
    output = value_struct(arena, route.operation->output);
    assert_ptr_equal(xml_encode(&route, output, NULL, arena, &body), OK);
    assert_string_equal(arena_dup(arena, body).at,
                        DECLARATION "<LocationConstraint" S3_XMLNS "></LocationConstraint>");
    set_str(output, "LocationConstraint", STR("eu-west-1"));
    assert_ptr_equal(xml_encode(&route, output, NULL, arena, &body), OK);
    assert_string_equal(arena_dup(arena, body).at, DECLARATION
                        "<LocationConstraint" S3_XMLNS ">eu-west-1</LocationConstraint>");
}

static void a_payload_is_called_as_its_member(void **state)
{
    struct route route = s3("CopyObject");
    const struct shape *shape = model_shape(route.operation->output);
    int index = model_member_index(shape, STR("CopyObjectResult"));
    const struct member *payload = &model_members[shape->first + (uint32_t)index];
    struct value *result = value_struct(arena, payload->shape);
    struct str body;

    (void)state;
    set_str(result, "ETag", STR("\"e\""));
    assert_ptr_equal(xml_encode(&route, result, payload, arena, &body), OK);
    assert_string_equal(arena_dup(arena, body).at,
                        DECLARATION "<CopyObjectResult" S3_XMLNS "><ETag>&quot;e&quot;</ETag>"
                        "</CopyObjectResult>");
}

static void errors_are_s3s_or_everybodys(void **state)
{
    static const struct error no_key = {"NoSuchKey", NULL, 404, false};
    struct fault fault = {.code = &no_key,
                          .message = STR("The specified key does not exist."),
                          .resource = STR("/b/k&")};
    struct route route = s3("GetObject");
    struct str body;

    (void)state;
    assert_ptr_equal(xml_encode_error(&route, &fault, STR("r-1"), arena, &body), OK);
    assert_string_equal(arena_dup(arena, body).at,
                        DECLARATION "<Error><Code>NoSuchKey</Code><Message>The specified key does "
                        "not exist.</Message><Resource>/b/k&amp;</Resource>"
                        "<RequestId>r-1</RequestId>"
                        "<HostId>pfp3ej3GcmjK6m7qA4uhQXfjYNuoTh20TnONuuE35+8=</HostId></Error>");
    route.service = model_service(STR("route53"));
    route.operation = operation_of("route53", "GetHostedZone");
    assert_ptr_equal(xml_encode_error(&route, &fault, STR("r-1"), arena, &body), OK);
    assert_string_equal(arena_dup(arena, body).at,
                        DECLARATION "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/"
                        "2013-04-01/\"><Error><Type>Sender</Type><Code>NoSuchKey</Code><Message>"
                        "The specified key does not exist.</Message></Error>"
                        "<RequestId>r-1</RequestId></ErrorResponse>");
}

static void an_errors_members_stand_beside_its_message(void **state)
{
    struct route route = s3("GetObject");
    const struct shape *shape = model_error(route.operation, STR("InvalidObjectState"));
    static const struct error line = {"InvalidObjectState", NULL, 403, false};
    struct value *detail = value_struct(arena, (uint32_t)(shape - model_shapes));
    struct fault fault = {.code = &line, .message = STR("m"), .detail = detail};
    struct str body;

    (void)state;
    set_str(detail, "StorageClass", STR("GLACIER"));
    assert_ptr_equal(xml_encode_error(&route, &fault, STR("r"), arena, &body), OK);
    assert_true(str_find_str(body, STR("<Code>InvalidObjectState</Code><Message>m</Message>"
                                       "<StorageClass>GLACIER</StorageClass><RequestId>")) <
                body.bytes);
}

/* Every allocation fails once; each time the answer is a limit or the whole tree. */
static void survives_every_failing_allocation(void **state)
{
    const char *text = "<Delete><Object><Key>k</Key></Object><Quiet>true</Quiet></Delete>";
    uint32_t shape = payload_of("DeleteObjects", "Delete");
    status s = &ERR_LIMIT;
    uint64_t limits = 0;

    (void)state;
    for (uint64_t i = 2; i < 200; i++) { /* the first is a mem_alloc, which ends the process */
        struct value value;
        mem_fail_after(i);
        s = xml_read(str_c(text), shape, arena, &why, &value);
        mem_fail_after(0);
        assert_true(s == OK || s == &ERR_LIMIT);
        limits += s == &ERR_LIMIT;
    }
    assert_ptr_equal(s, OK);
    assert_true(limits > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_members_and_flattened_lists),
        cmocka_unit_test(reads_plain_lists_and_moments_and_numbers),
        cmocka_unit_test(reads_attributes_by_their_prefix),
        cmocka_unit_test(reads_maps),
        cmocka_unit_test(passes_over_what_it_does_not_know),
        cmocka_unit_test(refuses_document_types_and_their_entities),
        cmocka_unit_test(refuses_what_is_broken),
        cmocka_unit_test(refuses_what_is_too_deep_or_too_large),
        cmocka_unit_test(writes_attributes_and_prefixes),
        cmocka_unit_test(escapes_what_readers_would_change),
        cmocka_unit_test(writes_scalars_of_every_kind),
        cmocka_unit_test(what_was_written_reads_back),
        cmocka_unit_test(roots_are_s3s),
        cmocka_unit_test(a_payload_is_called_as_its_member),
        cmocka_unit_test(errors_are_s3s_or_everybodys),
        cmocka_unit_test(an_errors_members_stand_beside_its_message),
        cmocka_unit_test(survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
