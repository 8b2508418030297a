using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Banyan.Tests.Wire;

/// <summary>Rewrites the parsers so that each of their checks can be taken out by its number while they run.</summary>
/// <remarks>
/// A check is an <c>if</c> that does nothing but return a member of <c>Malformed</c>, or <c>false</c> ("no host"), or, among
/// the trailer names, <c>true</c>; each side of an <c>||</c> in it; and each place where the grammar of chunk extensions has no
/// next state. One compilation holds them all.
/// </remarks>
internal sealed class CheckRemover(string file) : CSharpSyntaxRewriter
{
    /// <summary>What the rewritten code asks whether a check is still in.</summary>
    public const string Switch = """
        namespace Banyan.Tests.Wire
        {
            public static class Checks
            {
                public static int Removed = -1;

                public static bool Keeps(int number) => Removed != number;
            }
        }
        """;

    /// <summary>The checks found so far, over all files: their number is their index.</summary>
    public List<RemovableCheck> Found { get; init; } = [];

    public override SyntaxNode? VisitIfStatement(IfStatementSyntax node)
    {
        var visited = (IfStatementSyntax)base.VisitIfStatement(node)!;
        if (node.Else is not null || Refusal(node.Statement) is not { } reason)
        {
            return visited;
        }

        var sides = new List<ExpressionSyntax>();
        Split(node.Condition, sides);
        var text = sides.Count == 1
            ? $"({node.Condition})"
            : $"({string.Join(" || ", sides.Select(side => $"(({side}) && {Keeps(node, reason, side)})"))})";
        return visited.WithCondition(SyntaxFactory.ParseExpression($"{text} && {Keeps(node, reason, node.Condition)}"));
    }

    public override SyntaxNode? VisitSwitchExpressionArm(SwitchExpressionArmSyntax node)
    {
        var visited = (SwitchExpressionArmSyntax)base.VisitSwitchExpressionArm(node)!;
        return IsNoState(node.Expression) ? visited.WithExpression(AnyState(node)) : visited;
    }

    public override SyntaxNode? VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        var visited = (ConditionalExpressionSyntax)base.VisitConditionalExpression(node)!;
        return IsNoState(node.WhenFalse) ? visited.WithWhenFalse(AnyState(node)) : visited;
    }

    public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        var visited = (InvocationExpressionSyntax)base.VisitInvocationExpression(node)!;
        return file == "TrailerNames.cs" && node.Expression.ToString() == "Syntax.Is"
            ? SyntaxFactory.ParseExpression($"({visited} && {Keeps(node, "TrailerForbidden", node)})")
            : visited;
    }

    private static bool IsNoState(ExpressionSyntax expression) => expression.ToString() == "State.Refused";

    private static void Split(ExpressionSyntax condition, List<ExpressionSyntax> sides)
    {
        if (condition is BinaryExpressionSyntax both && both.IsKind(SyntaxKind.LogicalOrExpression))
        {
            Split(both.Left, sides);
            Split(both.Right, sides);
            return;
        }

        sides.Add(condition);
    }

    private ExpressionSyntax AnyState(SyntaxNode node) =>
        SyntaxFactory.ParseExpression($"({Keeps(node, "ChunkExtension", node)} ? State.Refused : State.ExtensionName)");

    private string? Refusal(StatementSyntax body)
    {
        if (body is not BlockSyntax { Statements: [ReturnStatementSyntax { Expression: { } value }] })
        {
            return null;
        }

        var text = value.ToString();
        if (text.StartsWith("Malformed.", StringComparison.Ordinal) && text != "Malformed.None")
        {
            return text["Malformed.".Length..];
        }

        return text == (file == "TrailerNames.cs" ? "true" : "false") && file is "HostSyntax.cs" or "IPv6Syntax.cs" or "TrailerNames.cs"
            ? ""
            : null;
    }

    private string Keeps(SyntaxNode node, string reason, SyntaxNode what)
    {
        var line = node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
        Found.Add(new RemovableCheck(file, line, reason, string.Join(' ', what.ToString().Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))));
        return $"Banyan.Tests.Wire.Checks.Keeps({Found.Count - 1})";
    }
}

/// <summary>One check of the parsers.</summary>
/// <param name="File">Where it stands.</param>
/// <param name="Line">Its line there.</param>
/// <param name="Reason">The reason it refuses with; empty where it only says no to a host.</param>
/// <param name="Text">The condition.</param>
internal sealed record RemovableCheck(string File, int Line, string Reason, string Text)
{
    public override string ToString() => $"{File}:{Line} {Reason} if ({Text})";
}
