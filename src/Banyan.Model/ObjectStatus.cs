namespace Banyan.Model;

/// <summary>What became of an object.</summary>
public sealed record ObjectStatus
{
    public EquatableList<Condition> Conditions { get; init; } = [];

    /// <summary>Of a route: one for each parent.</summary>
    public EquatableList<ParentStatus> Parents { get; init; } = [];
}

/// <summary>What became of a route at one parent.</summary>
public sealed record ParentStatus(ParentReference ParentRef, EquatableList<Condition> Conditions)
{
    public const string ControllerName = "banyan.dev/mesh";
}

/// <summary>A condition in the manner of the Gateway API.</summary>
/// <param name="Type">For example <c>Accepted</c>, <c>ResolvedRefs</c>, <c>Conflicted</c>.</param>
/// <param name="IsTrue">Status True or False.</param>
/// <param name="Reason">One word.</param>
/// <param name="Message">For humans.</param>
/// <param name="ObservedGeneration">Generation of the object that was looked at.</param>
public sealed record Condition(string Type, bool IsTrue, string Reason, string Message, long ObservedGeneration);
