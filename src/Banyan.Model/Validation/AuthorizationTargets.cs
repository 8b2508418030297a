namespace Banyan.Model;

/// <summary>What AuthorizationPolicies ask that the Mesh does not give.</summary>
internal static class AuthorizationTargets
{
    /// <summary>Raw paths can be written in many ways: a policy that compares them would protect nothing.</summary>
    public static void Check(IEnumerable<AuthorizationPolicy> policies, Mesh? mesh, List<Problem> problems)
    {
        if (mesh?.Spec.PathNormalization != PathNormalization.Off)
        {
            return;
        }

        foreach (var policy in policies)
        {
            for (var rule = 0; rule < policy.Spec.Rules.Count; rule++)
            {
                for (var i = 0; i < policy.Spec.Rules[rule].To.Count; i++)
                {
                    if (policy.Spec.Rules[rule].To[i].AsksPath)
                    {
                        var field = policy.Spec.Rules[rule].To[i].Paths.Count > 0 ? "paths" : "grpcMethods";
                        problems.Add(ProblemAt.Of(
                            policy,
                            $"spec.rules[{rule}].to[{i}].{field}",
                            "needs canonical paths, and the Mesh has pathNormalization: off, "
                                + $"{ProblemAt.Place(mesh)}; set it to canonical, or leave {field} out"));
                    }
                }
            }
        }
    }
}
