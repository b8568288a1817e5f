#pragma once

#include "body.h"

#include <stdbool.h>

struct request {
    const char *method;
    const char *target;
    struct body body;
    const char *const *headers; // "Name: value", ended by NULL
    const char *head;           // as it goes over the wire, with the empty line
    size_t head_length;
    bool is_head; // the method: its answers have no body whatever their length says
};

struct request_list {
    struct request *requests;
    size_t count;
};

// Reads one request per line: METHOD, TARGET, BODY and any number of headers, separated by tabs. BODY is `-`,
// `bytes:N`, `text:...` or `escaped:...`, which is text where \r, \n, \t and \\ stand for what a line cannot hold:
// forms need them. Exits with a message for a line that is none. `authority` is the value of the Host header.
void request_list_read(struct request_list *list, const char *path, const char *authority);

// Whether a request without a body must still say so; for others a length of 0 would be odd.
bool request_tells_length(const struct request *request);
