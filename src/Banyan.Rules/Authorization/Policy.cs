namespace Banyan.Rules.Authorization;

/// <summary>A policy that matches when its caller and its operation do.</summary>
internal sealed class Policy(string name, Condition caller, Condition operation)
{
    /// <summary>What tells rules of one policy apart stands behind this.</summary>
    private const char Rule = '#';

    /// <summary>The policy's, without the number of its rule.</summary>
    public string Name { get; } = name.Split(Rule)[0];

    public Condition Caller => caller;

    public Condition Operation => operation;

    public bool AsksNetwork { get; } = caller.AsksNetwork || operation.AsksNetwork;

    public bool AsksRequest { get; } = caller.AsksRequest || operation.AsksRequest;

    public bool Matches(in AuthorizationView view) => caller.Matches(in view) && operation.Matches(in view);
}
