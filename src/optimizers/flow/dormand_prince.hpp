#pragma once

#include <array>
#include <cstddef>

/// Dormand & Prince's 5(4) pair (1980), for ẋ = f(x): k_i = f(x + h Σ_j a_ij k_j). The last stage
/// stands at the new point, so it is the first one of the next step (FSAL). Numbers as in Hairer,
/// Nørsett & Wanner, Solving Ordinary Differential Equations I (1993), table II.5.2, and in their
/// DOPRI5.
namespace thalweg::dormand_prince {

inline constexpr std::size_t kStages = 7;
using Weights = std::array<double, kStages>;

/// a_ij: row i is of stage i, from 0; the last row also gives the step of order 5.
inline constexpr std::array<Weights, kStages> kPoints{{
    {},
    {1.0 / 5.0},
    {3.0 / 40.0, 9.0 / 40.0},
    {44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0},
    {19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0},
    {9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0},
    {35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0},
}};

/// Step of order 5 less that of order 4: the error estimate.
inline constexpr Weights kError{
    71.0 / 57600.0,      0.0,          -71.0 / 16695.0, 71.0 / 1920.0,
    -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0,
};

/// What the continuous extension of order 4 adds to the cubic through both ends of a step, with
/// their slopes: θ²(1 − θ)² h Σ_j d_j k_j (Shampine 1986, as in DOPRI5's CONTD5).
inline constexpr Weights kBend{
    -12715105075.0 / 11282082432.0,  0.0,
    87487479700.0 / 32700410799.0,   -10690763975.0 / 1880347072.0,
    701980252875.0 / 199316789632.0, -1453857185.0 / 822651844.0,
    69997945.0 / 29380423.0,
};

/// The pair is stable for h|λ| up to 3.31 on the negative axis; steps beyond this bound are counted
/// as limited by stability (DOPRI5's bound).
inline constexpr double kStabilityBound = 3.25;

}  // namespace thalweg::dormand_prince
