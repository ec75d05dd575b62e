// The training kernels of ghostnorm.cu once more, with dropout behind the activation: in a file of their
// own, so that who drops nothing need not load them.
#define EVENKEEL_DROPOUT
#include "ghostnorm.cu"
