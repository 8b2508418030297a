namespace Banyan.Proxy.Health;

/// <summary>What a probe came to.</summary>
internal enum ProbeOutcome : byte
{
    /// <summary>The endpoint serves.</summary>
    Success,

    /// <summary>It does not.</summary>
    Failure,

    /// <summary>It did not say in time.</summary>
    Timeout,

    /// <summary>It said so clearly that no further probe is waited for.</summary>
    Verdict,
}

/// <param name="Outcome">What it came to.</param>
/// <param name="Reason">For a person; empty when the endpoint serves.</param>
internal readonly record struct ProbeResult(ProbeOutcome Outcome, string Reason)
{
    internal static ProbeResult Success { get; } = new(ProbeOutcome.Success, "");

    internal static ProbeResult Timeout { get; } = new(ProbeOutcome.Timeout, "did not answer in time");

    internal static ProbeResult Failure(string reason) => new(ProbeOutcome.Failure, reason);
}
