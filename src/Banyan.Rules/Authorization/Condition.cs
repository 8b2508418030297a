using Banyan.Rules.Matching;

namespace Banyan.Rules.Authorization;

/// <summary>One condition of a policy. Immutable; matching allocates nothing.</summary>
internal abstract class Condition
{
    public abstract bool Matches(in AuthorizationView view);

    /// <summary>Whether it looks at a request, so that it cannot be judged without one.</summary>
    public virtual bool AsksRequest => false;

    /// <summary>Whether it looks at the caller's address.</summary>
    public virtual bool AsksNetwork => false;
}

/// <summary>Matches always.</summary>
internal sealed class Anything : Condition
{
    public override bool Matches(in AuthorizationView view) => true;
}

/// <summary>All of several.</summary>
internal sealed class All(Condition[] parts) : Condition
{
    public Condition[] Parts => parts;

    public override bool AsksRequest => Array.Exists(parts, static part => part.AsksRequest);

    public override bool AsksNetwork => Array.Exists(parts, static part => part.AsksNetwork);

    public override bool Matches(in AuthorizationView view)
    {
        foreach (var part in parts)
        {
            if (!part.Matches(in view))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>At least one of several.</summary>
internal sealed class AnyOf(Condition[] parts) : Condition
{
    public Condition[] Parts => parts;

    public override bool AsksRequest => Array.Exists(parts, static part => part.AsksRequest);

    public override bool AsksNetwork => Array.Exists(parts, static part => part.AsksNetwork);

    public override bool Matches(in AuthorizationView view)
    {
        foreach (var part in parts)
        {
            if (part.Matches(in view))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The contrary of another. Without a request, what asks of one is not true by being denied.</summary>
internal sealed class Not(Condition part) : Condition
{
    private readonly bool _asksRequest = part.AsksRequest;

    public override bool AsksRequest => _asksRequest;

    public override bool AsksNetwork => part.AsksNetwork;

    public override bool Matches(in AuthorizationView view) => (view.IsHttp || !_asksRequest) && !part.Matches(in view);
}

/// <summary>The peer's SPIFFE ID. A peer without one matches no pattern, the empty one neither.</summary>
internal sealed class IdentityCondition(StringPattern? pattern) : Condition
{
    /// <summary>Null: any identity.</summary>
    public StringPattern? Pattern => pattern;

    public override bool Matches(in AuthorizationView view) =>
        !view.Identity.IsEmpty && (pattern is null || pattern.Matches(view.Identity));
}

/// <summary>The canonical path.</summary>
internal sealed class PathCondition(StringPattern pattern) : Condition
{
    public StringPattern Pattern => pattern;

    public override bool AsksRequest => true;

    public override bool Matches(in AuthorizationView view) => view.IsHttp && pattern.Matches(view.Request.Path);
}

/// <summary>A header, or the method, host or scheme by their names in HTTP/2.</summary>
internal sealed class FieldCondition(HeaderCondition header) : Condition
{
    public override bool AsksRequest => true;

    public override bool Matches(in AuthorizationView view) => view.IsHttp && header.Matches(view.Request);
}

/// <summary>The port called: first included, last excluded.</summary>
internal sealed class PortCondition(int start, int end) : Condition
{
    public override bool Matches(in AuthorizationView view) => view.Port >= start && view.Port < end;
}

/// <summary>A network that the peer's address belongs to.</summary>
internal sealed class NetworkCondition(Network network) : Condition
{
    public override bool AsksNetwork => true;

    public override bool Matches(in AuthorizationView view) => network.Contains(view.Peer);
}

/// <summary>A claim of a verified token. Without a token there is none.</summary>
/// <param name="slot">Which claim.</param>
/// <param name="ofList">A part of a list, else a value that is none; null: any value.</param>
/// <param name="pattern">What it has to be; null: anything.</param>
internal sealed class ClaimCondition(int slot, bool? ofList, StringPattern? pattern) : Condition
{
    public int Slot => slot;

    public StringPattern? Pattern => pattern;

    public override bool AsksRequest => true;

    public override bool Matches(in AuthorizationView view)
    {
        foreach (var verdict in view.Tokens)
        {
            if (verdict is null)
            {
                continue;
            }

            foreach (ref readonly var value in verdict.Claims.Values)
            {
                if (value.Slot == slot && (ofList is null || ofList == value.IsList) && Matches(value.Texts))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool Matches(byte[][] texts)
    {
        if (pattern is null)
        {
            return true;
        }

        foreach (var text in texts)
        {
            if (pattern.Matches(text))
            {
                return true;
            }
        }

        return false;
    }
}
