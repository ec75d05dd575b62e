/** File formats: safetensors, IDX and NPY, and files that are replaced whole or not at all. */
package dev.evenkeel.io;
