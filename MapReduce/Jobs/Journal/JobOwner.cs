namespace Quorleans.MapReduce.Jobs;

/// <summary>
/// Who may write a job's journal, and how far it is. Each append exchanges it for one with a record more, in the same transaction and only if it is what
/// the writer believes: so of two coordinators one stops at its next step, and an append whose outcome is unknown can be sent again until it is known.
/// </summary>
/// <param name="Generation">Counts the job's coordinators, from 1.</param>
/// <param name="Writer">The activation: no two are alike.</param>
/// <param name="Records">How many records the journal has.</param>
public sealed record JobOwner(int Generation, string Writer, long Records);
