/**
 * Finds NVIDIA's libraries on this machine and loads them, before JCuda asks for them by name.
 *
 * <p>Order of reading: {@link dev.evenkeel.backend.cuda.libraries.Library} (what is wanted, and how
 * to get it), {@link dev.evenkeel.backend.cuda.libraries.Places} (where it may be, in order),
 * {@link dev.evenkeel.backend.cuda.libraries.LibrarySearch} (the decisions).
 */
package dev.evenkeel.backend.cuda.libraries;
