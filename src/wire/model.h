/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS's service models as constant tables: what an operation is called, where its members travel,
 * what they must satisfy. tools/gen_model.py writes build/gen/model.c from botocore's data files
 * and overlay/; nothing in it is written by hand, and nothing in it is a pointer: texts, shapes and
 * members are named by their index, so the tables cost no relocation and no memory until touched.
 *
 * One table for all services. Text 0 is "nothing", shape 0 a document without a model.
 */
#ifndef WEIR_WIRE_MODEL_H
#define WEIR_WIRE_MODEL_H

#include "base/str.h"

enum shape_kind {
    SHAPE_DOCUMENT, /* any JSON-like value */
    SHAPE_STRUCTURE,
    SHAPE_LIST,
    SHAPE_MAP,
    SHAPE_STRING,
    SHAPE_BLOB,
    SHAPE_BOOLEAN,
    SHAPE_INTEGER,
    SHAPE_LONG,
    SHAPE_FLOAT,
    SHAPE_DOUBLE,
    SHAPE_TIMESTAMP,
};

enum shape_flag {
    SHAPE_UNION = 1,       /* a structure of which one member is set */
    SHAPE_EVENTSTREAM = 2, /* a structure whose members are events */
    SHAPE_EXCEPTION = 4,
    SHAPE_FLATTENED = 8,   /* a list or map without a wrapping element */
    SHAPE_STREAMING = 16,  /* a blob that is not gathered in memory */
    SHAPE_SENSITIVE = 32,  /* never written to logs */
    SHAPE_HAS_MIN = 64,
    SHAPE_HAS_MAX = 128,
    SHAPE_FAULT = 256,     /* an exception that is the server's fault */
    SHAPE_LONG_POLL = 512, /* reserved */
};

enum time_format { TIME_DEFAULT, TIME_ISO, TIME_EPOCH, TIME_HTTP }; /* TIME_EPOCH: unixTimestamp */

struct shape {
    uint32_t name;           /* text */
    uint32_t first;          /* member of a structure (first of count); of a list its one member;
                              * of a map key and value, in this order */
    uint32_t required;       /* structures: how many of the members are required */
    uint32_t pattern;        /* text of the pattern that a string must match whole; 0: none */
    uint32_t enum_first;     /* index into model_enum_texts */
    uint32_t xml_namespace;  /* text; 0: none */
    uint32_t wire_code;      /* exceptions: text of the code on the wire (error.code or the name) */
    uint16_t enum_count;     /* 0: no enum */
    uint16_t count;          /* members of a structure; 1 for lists, 2 for maps */
    uint16_t flags;          /* enum shape_flag */
    uint16_t http;           /* exceptions: HTTP status; 0: 400, or 500 for a fault */
    uint8_t kind;            /* enum shape_kind */
    uint8_t time_format;     /* enum time_format, for timestamps */
    int64_t min, max;        /* of length, count or number, when the flags say so */
};

enum member_location {
    AT_BODY,
    AT_HEADER,
    AT_HEADERS,     /* a map: every header that starts with the wire name */
    AT_URI,
    AT_QUERY,       /* a map member takes the rest of the query */
    AT_STATUS_CODE,
};

enum member_flag {
    MEMBER_REQUIRED = 1,
    MEMBER_IDEMPOTENCY_TOKEN = 2, /* filled when missing */
    MEMBER_FLATTENED = 4,
    MEMBER_XML_ATTRIBUTE = 8,
    MEMBER_EVENT_PAYLOAD = 16,
    MEMBER_EVENT_HEADER = 32,
    MEMBER_JSON_VALUE = 64,       /* a string that is JSON, base64 in a header */
    MEMBER_PAYLOAD = 128,         /* the structure's payload member: it is the whole body */
    MEMBER_STREAMING = 256,
    MEMBER_HOST_LABEL = 512,
};

struct member {
    uint32_t name;          /* text: what handlers say, and JSON and CBOR */
    uint32_t wire_name;     /* text: locationName, or name; EC2 input: queryName or capitalised */
    uint32_t query_name;    /* text: the name in EC2 input; otherwise wire_name */
    uint32_t xml_prefix;    /* text: "xsi" of an attribute xsi:type; 0: none */
    uint32_t xml_namespace; /* text; 0: none */
    uint32_t shape;         /* index */
    uint16_t flags;         /* enum member_flag */
    uint8_t location;       /* enum member_location */
    uint8_t time_format;    /* enum time_format; TIME_DEFAULT: the shape's, then the protocol's */
};

enum protocol {
    PROTOCOL_JSON,      /* AWS JSON 1.0 and 1.1 */
    PROTOCOL_QUERY,
    PROTOCOL_EC2,
    PROTOCOL_REST_JSON,
    PROTOCOL_REST_XML,
    PROTOCOL_RPC_CBOR,  /* Smithy RPC v2 CBOR */
    PROTOCOL_CBOR,      /* Kinesis: JSON's rules with a CBOR body */
    PROTOCOL_COUNT,
};

struct operation {
    uint32_t name;         /* text */
    uint32_t service;      /* index */
    uint32_t input;        /* shape; 0: none */
    uint32_t output;       /* shape; 0: none */
    uint32_t result_wrapper; /* text: Query's wrapping element; 0: none */
    uint32_t uri;          /* text: "/{Bucket}/{Key+}?acl"; "/" for the RPC protocols */
    uint32_t error_first;  /* index into model_error_shapes */
    uint32_t input_name;   /* text: REST-XML's root element of the input; 0: none */
    uint32_t input_xmlns;  /* text; 0: none */
    uint32_t action;       /* text: what IAM calls it, without the service (from overlay/) */
    uint32_t guards;       /* text: "action=resource …" that a caller must be allowed, or "-": the
                            * handler asks; resources as overlay/resources has them */
    uint16_t error_count;
    uint16_t http;         /* status of success; 200 */
    uint8_t method;        /* index into model_methods: GET POST PUT DELETE HEAD PATCH OPTIONS */
    uint8_t segments;      /* of the path of uri; the last may be empty */
    uint8_t flags;         /* enum operation_flag */
};

enum operation_flag {
    OPERATION_READ = 1,          /* changes nothing (from overlay/) */
    OPERATION_NO_AUTH = 2,       /* authtype none: may come unsigned */
    OPERATION_STREAM_IN = 4,     /* the body is a stream (blob payload) */
    OPERATION_EVENTS_OUT = 8,    /* the answer is an event stream */
    OPERATION_CHECKSUM = 16,     /* httpChecksum */
    OPERATION_URI_QUERY = 32,    /* uri has a query */
    OPERATION_URI_GREEDY = 64,   /* uri has a label that takes slashes, too */
};

struct service_model {
    uint32_t id;              /* text: botocore's folder, "kinesis", "cognito-idp" */
    uint32_t service_id;      /* text: "Kinesis", for docs */
    uint32_t endpoint_prefix; /* text: host label */
    uint32_t signing_name;    /* text: the service in a credential scope */
    uint32_t target_prefix;   /* text: X-Amz-Target before the dot; 0: none */
    uint32_t api_version;     /* text: "2013-12-02" */
    uint32_t xml_namespace;   /* text; 0: none */
    uint32_t operation_first; /* operations are sorted by name within a service */
    uint32_t operation_count;
    uint16_t protocols;       /* bit per enum protocol that the service may be spoken in */
    uint8_t protocol;         /* the model's own */
    uint8_t json_minor;       /* AWS JSON 1.0 or 1.1 */
    uint8_t query_compatible; /* awsQueryCompatible: answers carry x-amzn-query-error */
};

extern const char model_texts[];               /* zero-ended, one after the other */
extern const struct shape model_shapes[];
extern const struct member model_members[];
extern const struct operation model_operations[];
extern const struct service_model model_services[];
extern const uint32_t model_enum_texts[];
extern const uint32_t model_error_shapes[];
extern const uint32_t model_shape_count, model_member_count;
extern const uint32_t model_operation_count, model_service_count;
extern const char model_source[];              /* "botocore 1.44.5" */
extern const bool model_is_pinned;              /* the models are those weir is written for */

/* A text by its offset. Texts carry their length in the two bytes before the offset. */
static inline struct str model_text(uint32_t offset)
{
    const unsigned char *at = (const unsigned char *)model_texts + offset;

    if (offset == 0) {
        return STR("");
    }
    return (struct str){(const char *)at, (size_t)at[-2] | (size_t)at[-1] << 8};
}

static inline const struct shape *model_shape(uint32_t index)
{
    return &model_shapes[index];
}

/* NULL where there is none. */
const struct service_model *model_service(struct str id);
const struct operation *model_operation(const struct service_model *service, struct str name);
const struct service_model *model_service_of(const struct operation *operation);
/* Position of a member within its structure by handler name; -1 where there is none. */
int model_member_index(const struct shape *structure, struct str name);
int model_member_index_wire(const struct shape *structure, struct str wire_name);
/* The exception shape of a code within a service's operation, then the service; NULL: none. */
const struct shape *model_error(const struct operation *operation, struct str code);
struct str model_method(uint8_t method);
uint8_t model_method_index(struct str method); /* MODEL_NO_METHOD: no operation has it */
#define MODEL_NO_METHOD 255

#endif
