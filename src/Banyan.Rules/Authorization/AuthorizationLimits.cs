namespace Banyan.Rules.Authorization;

/// <summary>What the policies of one listener may hold at most; more is refused, so that one resource cannot exhaust a sidecar.</summary>
public static class AuthorizationLimits
{
    /// <summary>Conditions of all policies together.</summary>
    public const int Conditions = 50_000;
}
