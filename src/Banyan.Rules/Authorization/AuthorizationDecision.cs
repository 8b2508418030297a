namespace Banyan.Rules.Authorization;

/// <summary>Why a request was denied.</summary>
public enum DenyReason : byte
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>A policy that denies matches.</summary>
    Denied,

    /// <summary>Policies that allow select the workload, and none of their rules matches.</summary>
    NothingAllows,

    /// <summary>An enforced policy asks of a request, and what came is not HTTP.</summary>
    NotHttp,
}

/// <summary>What was decided, and by which policy.</summary>
/// <param name="Reason">Why it was denied; <see cref="DenyReason.None"/> when it may pass.</param>
/// <param name="Policy">Name of the policy that denied or allowed it, where several would, any of them; null when none had a say.</param>
/// <param name="Audited">Name of an audit policy that would have denied it; null when none would.</param>
public readonly record struct AuthorizationDecision(DenyReason Reason, string? Policy, string? Audited)
{
    /// <summary>Whether the request may pass.</summary>
    public bool Allowed => Reason == DenyReason.None;
}
