#pragma once

// Bytes that are read in one call.
enum { plain_receive_size = 256 << 10 };
