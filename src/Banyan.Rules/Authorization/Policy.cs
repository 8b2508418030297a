namespace Banyan.Rules.Authorization;

/// <summary>A policy that matches when its caller and its operation do.</summary>
internal sealed class Policy(string name, Condition caller, Condition operation)
{
    public string Name => name;

    public Condition Caller => caller;

    public Condition Operation => operation;

    public bool AsksRequest { get; } = caller.AsksRequest || operation.AsksRequest;

    public bool Matches(in AuthorizationView view) => caller.Matches(in view) && operation.Matches(in view);
}
