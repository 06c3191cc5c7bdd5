namespace Quorleans.Client.Workload;

/// <summary>
/// Values that no other write of any workload has: run, caller and number, filled up to the length, and a <c>;</c> that stands
/// nowhere else. A checker tells by them which write a read has seen, and takes appended values apart.
/// </summary>
/// <param name="run">A name of this run that no other has.</param>
/// <param name="caller">A number of the caller in this run.</param>
/// <param name="bytesMin">How long a value is at least.</param>
internal sealed class UniqueValues(string run, int caller, int bytesMin)
{
    private long _next;

    /// <summary>The next value.</summary>
    public string Next() => $"{run}-{caller}-{_next++}".PadRight(Math.Max(0, bytesMin - 1), '.') + ";";
}
