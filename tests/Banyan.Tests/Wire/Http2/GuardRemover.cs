using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Banyan.Tests.Wire.Http2;

/// <summary>Rewrites code so that each condition, and each side of an and or or, can be taken out by its number while the
/// code runs: an <c>if</c> is never entered, a side of an <c>||</c> never true, a side of an <c>&amp;&amp;</c> always.</summary>
internal sealed class GuardRemover(string file, List<string> found) : CSharpSyntaxRewriter
{
    /// <summary>What the rewritten code asks. It throws when code without a guard runs in circles.</summary>
    public const string Switch = """
        namespace Banyan.Tests.Wire.Http2
        {
            public static class Guards
            {
                public static int Removed = -1;
                public static int Steps;

                public static bool Keeps(int number)
                {
                    if (++Steps > 3_000_000)
                    {
                        throw new System.TimeoutException();
                    }

                    return Removed != number;
                }
            }
        }
        """;

    public override SyntaxNode? VisitIfStatement(IfStatementSyntax node)
    {
        var visited = (IfStatementSyntax)base.VisitIfStatement(node)!;
        return visited.WithCondition(Parse($"({visited.Condition}) && {Keeps(node.Condition, "if")}"));
    }

    public override SyntaxNode? VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        var visited = (BinaryExpressionSyntax)base.VisitBinaryExpression(node)!;
        return node.Kind() switch
        {
            SyntaxKind.LogicalOrExpression => Parse(
                $"((({visited.Left}) && {Keeps(node.Left, "or")}) || (({visited.Right}) && {Keeps(node.Right, "or")}))"),
            SyntaxKind.LogicalAndExpression => Parse(
                $"((({visited.Left}) || !{Keeps(node.Left, "and")}) && (({visited.Right}) || !{Keeps(node.Right, "and")}))"),
            _ => visited,
        };
    }

    private static ExpressionSyntax Parse(string text) => SyntaxFactory.ParseExpression(text);

    private string Keeps(SyntaxNode node, string where)
    {
        found.Add($"{file}: {where} {string.Join(' ', node.ToString().Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))}");
        return $"Banyan.Tests.Wire.Http2.Guards.Keeps({found.Count - 1})";
    }
}
