// This file lets state.go declare a function without a body.
