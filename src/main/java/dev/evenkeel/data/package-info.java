/** From files and arrays to what a network is fed: reading, splitting, preparing. */
package dev.evenkeel.data;
