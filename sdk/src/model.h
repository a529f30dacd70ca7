/* SPDX-License-Identifier: Apache-2.0
 *
 * What AWS's models say beyond the obvious: tables that tools/gen_model.py makes at build time.
 *
 * Texts are named by their offset in model_texts, and end with a 0. There bytes 1 to 31 and 128 to
 * 245 are the numbers of the first 149 pairs; from 246 on a pair's number has a second byte. A pair
 * in model_pairs is two symbols: characters, or from 256 on pairs again. A node is what a place in
 * a document needs: 0 to 15 are leaves, anything else is the offset in model_nodes of
 *
 *   structure   1, count, then members: text name; byte of location (3 bits), wire rule (2), token,
 *               attribute, has node; text wire name when the rule is OWN; u16 node when there is
 * one list        2 + 16 flattened + 32 named; text of an item's name when named (else "member");
 * u16 node of an item map         3 + 16 flattened + 32 named; texts of key and value when named
 * (else "key", "value"); u16 node of a value
 *
 * A structure lists only members that are not just copied under their own name. An operation is
 *
 *   text name; byte of method (3 bits), has body, wants checksum, has host prefix, has root;
 *   u16 input node; u16 output node; text address (REST); text host prefix; text root
 *
 * and one of a protocol with a single door is listed only if one of its nodes is not ANY.
 * A text reference has two bytes, or three when the first one's highest bit is set, high byte
 * first; u16 has its low byte first.
 */
#ifndef WEIR_MODEL_H
#define WEIR_MODEL_H

#include "weir_json.h"

#define MODEL_TEXT_MAX 256 /* with its NUL */

/* Leaves: what becomes of a value. Numbers below are those of gen_model.py. */
enum model_leaf {
    LEAF_ANY,        /* copied; in XML and forms, what its JSON type says */
    LEAF_NUMBER,     /* of an answer's text */
    LEAF_BOOLEAN,    /* of an answer's text */
    LEAF_TIME_ISO,   /* a moment, on the wire in this form */
    LEAF_TIME_EPOCH, /* seconds */
    LEAF_TIME_HTTP,  /* as in headers */
    LEAF_RAW,        /* the body as it is */
    LEAF_STRUCT,     /* a structure in XML with nothing to list */
    LEAF_DOCUMENT,   /* any JSON */
    LEAF_TEXT,       /* the body as a string */
    LEAF_PACKED,     /* JSON in base64, in a header */
    LEAF_COUNT = 16
};

enum model_kind { KIND_LEAF, KIND_STRUCT, KIND_LIST, KIND_MAP };
enum model_location {
    AT_BODY,
    AT_HEADER,
    AT_HEADERS,
    AT_URI,
    AT_QUERY,
    AT_STATUS,
    AT_PAYLOAD,
    AT_EVENTS
};
enum model_wire { WIRE_SAME, WIRE_OWN, WIRE_LOWER };
enum model_protocol {
    PROTOCOL_JSON,
    PROTOCOL_QUERY,
    PROTOCOL_EC2,
    PROTOCOL_REST_JSON,
    PROTOCOL_REST_XML
};
enum model_method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE, METHOD_HEAD, METHOD_PATCH };

struct model_service {
    uint32_t name;            /* as the AWS CLI calls it */
    uint32_t service_id;      /* "Cognito Identity Provider" */
    uint32_t endpoint_prefix; /* "cognito-idp": of the host's name */
    uint32_t signing_name;    /* of the signature's scope */
    uint32_t target_prefix;   /* JSON: of X-Amz-Target */
    uint32_t api_version;     /* Query: of Version */
    uint32_t namespace;       /* REST with XML: of the outermost element */
    uint32_t operation_first; /* offset of its operations */
    uint16_t operation_count; /* how many there are */
    uint8_t protocol;         /* enum model_protocol */
    uint8_t json_minor;       /* 0 or 1: JSON 1.0, 1.1 */
    uint8_t is_global;        /* one endpoint for all regions */
    uint8_t query_compatible; /* its errors have older names too */
};

struct model_operation {
    uint32_t uri;         /* REST: the address, with {labels} */
    uint32_t host_prefix; /* stands before AWS's host */
    uint32_t root;        /* REST with XML: the outermost element */
    uint16_t input;       /* node */
    uint16_t output;      /* node */
    uint8_t method;       /* enum model_method */
    bool has_body;        /* something of the input goes there */
    bool wants_checksum;  /* of its body */
    bool has_prefix;      /* host_prefix counts */
    bool has_root;        /* root counts */
};

struct model_member {
    uint32_t name;     /* in JSON documents */
    uint32_t wire;     /* when the rule is WIRE_OWN */
    uint16_t node;     /* what it is */
    uint8_t location;  /* enum model_location */
    uint8_t rule;      /* enum model_wire */
    bool is_token;     /* made up when it is not given */
    bool is_attribute; /* of the element, in XML */
};

/* The members of a structure, one after the other; of any other node there are none. */
struct model_members {
    const uint8_t *at; /* the next one */
    unsigned left;     /* how many */
};

/* A list or map. */
struct model_many {
    uint32_t names[2]; /* of an item; of key and value */
    bool is_named;     /* names count */
    bool is_flat;      /* no element around its items */
    uint16_t node;     /* of an item or value */
};

extern const uint8_t model_texts[];
extern const uint16_t model_pairs[];
extern const uint8_t model_nodes[];
extern const uint8_t model_operations[];
extern const struct model_service model_services[];
extern const uint32_t model_service_count;
extern const char model_source[]; /* "botocore 1.2.3" */

const struct model_service *model_service_find(struct weir_text name);
/* False: the service's operations are all listed, and this is none of them. */
bool model_operation_find(const struct model_service *service, struct weir_text name,
                          struct model_operation *ret_operation);
/* The nth listed one's name; false: there are fewer. */
bool model_operation_name(const struct model_service *service, unsigned index, uint32_t *ret_name);

enum model_kind model_kind(uint16_t node);
struct model_members model_members(uint16_t node);
bool model_member_next(struct model_members *members, struct model_member *ret_member);
struct model_many model_many(uint16_t node);
/* A member by its name; false: it is not listed, and `ret_member` is a plain one. */
bool model_member_find(uint16_t node, struct weir_text name, struct model_member *ret_member);
bool model_member_find_wire(uint16_t node, struct weir_text wire, struct model_member *ret_member);

bool model_text_is(uint32_t text, struct weir_text wanted);
void model_text_add(struct weir_buf *out, uint32_t text);
void model_wire_add(struct weir_buf *out, const struct model_member *member);
/* The same as C texts. */
void model_text_put(char to[MODEL_TEXT_MAX], uint32_t text);
void model_wire_put(char to[MODEL_TEXT_MAX], const struct model_member *member);
bool model_wire_is(const struct model_member *member, struct weir_text wanted);

#endif
