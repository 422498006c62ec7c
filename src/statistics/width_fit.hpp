#pragma once

#include <span>
#include <string>

namespace thalweg {

/// A power law fitted to measurements at several widths.
struct PowerLaw {
  double exponent = 0.0;
  double exponent_error = 0.0;  ///< standard error
  double log_prefactor = 0.0;   ///< natural logarithm of the fitted value at width 1
};

/// Ordinary least squares of ln y on ln x over all points; the standard error from the residuals,
/// with points − 2 degrees of freedom. Local. Throws Error for fewer than three points, one x only,
/// or a number that is not positive.
PowerLaw fit_power_law(std::span<const double> x, std::span<const double> y);

/// What the theory says of an exponent.
enum class Expectation {
  equal,    ///< it is −1/2
  at_most,  ///< −1/2 is an upper bound: the quantity falls at least so fast
};

/// How many standard errors the exponent lies above −1/2, or below where that is negative;
/// differences that rounding makes are none. Local.
double errors_above_half(const PowerLaw& law);

/// "agrees" where the exponent is −1/2 (or, at_most, not above it) within twice its standard error;
/// "near" where it is not, but within .1: at finite width higher orders bend the line by more than
/// its error; "undecided" where the standard error exceeds .25; else "disagrees". Local.
std::string verdict_of(const PowerLaw& law, Expectation expectation);

}  // namespace thalweg
