using Banyan.Control.Api;

namespace Banyan.Cli.Client;

/// <summary>The control plane refused what was asked, with the mistakes it found.</summary>
internal sealed class RefusedException(string message, IReadOnlyList<ProblemEntry> problems, int status)
    : UserException(problems.Count == 0 ? message : string.Join('\n', problems.Select(Describe)))
{
    public IReadOnlyList<ProblemEntry> Problems { get; } = problems;

    /// <summary>The status of HTTP.</summary>
    public int Status { get; } = status;

    private static string Describe(ProblemEntry problem)
    {
        var place = problem.Line > 0 ? $"{problem.File}:{problem.Line}:{problem.Column}: " : problem.File.Length > 0 ? $"{problem.File}: " : "";
        return problem.Field.Length > 0 ? $"{place}{problem.Field}: {problem.Message}" : place + problem.Message;
    }
}
